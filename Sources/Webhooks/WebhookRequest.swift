package import Model

/// A request as it came in: what authentication and decoding need of it.
package struct WebhookRequest: Sendable {
    /// The headers in their order, repeated ones repeated.
    package var headers: [(name: String, value: String)]
    /// The value of `Content-Type`, parameters included.
    package var contentType: String?
    /// The exact bytes of the body.
    package var body: [UInt8]
    /// When the request came in; stored with the delivery, since decoding it again must give the same events.
    package var receivedAt: Timestamp

    package init(headers: [(name: String, value: String)], contentType: String?, body: [UInt8], receivedAt: Timestamp) {
        self.headers = headers
        self.contentType = contentType
        self.body = body
        self.receivedAt = receivedAt
    }

    /// The values of every header of that name; names differ not by the case of ASCII letters.
    func values(of name: String) -> [String] {
        headers.filter { ASCII.equal($0.name, name, ignoringCase: true) }.map(\.value)
    }
}
