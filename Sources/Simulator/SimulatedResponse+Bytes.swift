import JSON

/// An answer as bytes on the wire.
extension SimulatedResponse {
    /// The body as it is sent.
    package var bytes: [UInt8] {
        switch body {
        case .none: []
        case .json(let value): value.serialized()
        case .text(let text, _): Array(text.utf8)
        }
    }

    var contentType: String? {
        switch body {
        case .none: nil
        case .json: "application/json"
        case .text(_, let type): type
        }
    }

    /// What is sent of an answer that breaks off: its head and half of its body. Empty for every other ending.
    var cutBytes: [UInt8] {
        guard ending == .cutBody || ending == .cutChunk else { return [] }
        // A 204 has no body that could break off.
        let whole = bytes.isEmpty ? Array("{}".utf8) : bytes
        var head = "HTTP/1.1 \(status == 204 ? 200 : status) \r\nContent-Type: \(contentType ?? "application/json")\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        head +=
            ending == .cutBody
            ? "Content-Length: \(whole.count)\r\n\r\n"
            : "Transfer-Encoding: chunked\r\n\r\n\(String(whole.count, radix: 16))\r\n"
        return Array(head.utf8) + whole.prefix(whole.count / 2)
    }
}
