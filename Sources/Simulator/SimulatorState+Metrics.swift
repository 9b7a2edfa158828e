import Model

/// What a monitoring system would scrape from a prober that watches the guests.
extension SimulatorState {
    /// The metrics in the Prometheus text format 0.0.4.
    ///
    /// A server without an address has no `vps_server_up`: nothing could probe it.
    func metrics() -> SimulatedResponse {
        var text = """
            # HELP vps_server_up Whether the guest of the server answers.
            # TYPE vps_server_up gauge

            """
        for server in servers {
            guard let address = server.ipAddress else { continue }
            text += "vps_server_up{server=\"\(server.name.asLabelValue)\",ip=\"\(address)\"} \(server.isUp ? 1 : 0)\n"
        }
        text += """
            # HELP vps_server_info What the Servers API says about the server; the value is always 1.
            # TYPE vps_server_info gauge

            """
        for server in servers {
            text += "vps_server_info{id=\"\(server.id)\",server=\"\(server.name.asLabelValue)\",ip=\"\(server.ipAddress ?? "")\","
            text += "status=\"\(server.status.rawValue.asLabelValue)\",location=\"\(server.location.asLabelValue)\"} 1\n"
        }
        return SimulatedResponse(status: 200, body: .text(text, type: "text/plain; version=0.0.4; charset=utf-8"))
    }
}

extension String {
    /// The text as a label's value: backslash, quote and line feed escaped.
    fileprivate var asLabelValue: String {
        var result: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
