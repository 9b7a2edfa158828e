/// Why a request has no response.
package struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Closed: a log field and a metric label.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The host's name could not be resolved.
        case resolve
        /// No connection, or to a forbidden address.
        case connect
        /// The handshake failed, or the certificate is not trusted.
        case tls
        case timeout
        /// The task was cancelled.
        case cancelled
        /// The response went over its cap.
        case tooLarge
        /// The connection ended before the whole response had arrived.
        case reset
        /// The transport is being, or has been, shut down.
        case shutdown
        /// As many requests as are allowed run and wait already.
        case busy
        /// Not HTTP, or a fault of the transport itself.
        case other
    }

    /// The most bytes of a message.
    package static let messageBytesMax = 200

    package let code: Code
    /// For people: printable ASCII, at most ``messageBytesMax`` bytes; never a URL's path, a header or a body.
    package let message: String
    /// The status of a response whose headers arrived whole, and whose body did not.
    package let status: Int?

    package init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = String(
            decoding: message.utf8.prefix(Self.messageBytesMax).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self)
        self.status = status
    }

    package var description: String { message.isEmpty ? code.rawValue : "\(code.rawValue): \(message)" }
}
