package import CurlTransport
package import Model
package import Rules

/// Looks at a server from outside, to see for itself whether it answers.
package protocol Prober: Sendable {
    /// Whether the server answers; a server without an address does not.
    func isHealthy(_ server: Server, probe: Probe) async -> Bool
}

/// Probes over the transport that all requests use.
package struct TransportProber: Prober {
    /// How long an answer may take. Default 5 seconds.
    private let timeout: Duration
    private let transport: any HTTPTransport

    package init(transport: any HTTPTransport, timeout: Duration = .seconds(5)) {
        self.transport = transport
        self.timeout = timeout
    }

    package func isHealthy(_ server: Server, probe: Probe) async -> Bool {
        guard let address = server.ipAddress ?? server.ipv6Address else { return false }
        let host = address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]" : address
        switch probe {
        case .tcp(let port):
            return await connects(url: "http://\(host):\(port)/")
        case .http(let scheme, let port, let path):
            return await answers(url: "\(scheme)://\(host):\(port)\(path)")
        }
    }

    /// A connection that was made shows that the port is open, whatever is spoken behind it.
    private func connects(url: String) async -> Bool {
        switch await send(url) {
        case .response, .maybeSent: true
        case .notSent, nil: false
        }
    }

    private func answers(url: String) async -> Bool {
        guard case .response(let response) = await send(url) else { return false }
        return (200..<400).contains(response.status)
    }

    private func send(_ url: String) async -> HTTPOutcome? {
        guard
            let request = try? HTTPRequest(
                method: .get, url: url, isReplayable: true, totalTimeout: timeout, connectTimeout: timeout)
        else { return nil }
        return await transport.send(request)
    }
}
