package import JSON

/// One request as it reached the simulator, free of HTTP library types.
package struct SimulatedRequest: Sendable, Hashable {
    /// The method in capitals, such as `GET`.
    package var method: String
    /// Path and query as they stood in the request line, still percent-encoded.
    package var target: String
    /// The `Authorization` field.
    package var authorization: String?
    /// The `Content-Type` field.
    package var contentType: String?
    /// The `Host` field, for the links between pages.
    package var host: String?
    /// The body; empty when there was none.
    package var body: [UInt8]
    /// Whether the listener is bound to a loopback address, which opens `/_sim/` without a token. Default `false`.
    package var isLocal: Bool

    package init(
        method: String, target: String, authorization: String? = nil, contentType: String? = nil, host: String? = nil,
        body: [UInt8] = [], isLocal: Bool = false
    ) {
        self.method = method
        self.target = target
        self.authorization = authorization
        self.contentType = contentType
        self.host = host
        self.body = body
        self.isLocal = isLocal
    }

    /// A request as the documented samples send it: the token in `Authorization`, JSON in the body.
    package init(_ method: String, _ target: String, token: String, json: JSONValue? = nil) {
        self.init(
            method: method, target: target, authorization: "Bearer \(token)", contentType: "application/json",
            body: json?.serialized() ?? [])
    }
}

/// What the simulator answers to one request.
package struct SimulatedResponse: Sendable, Hashable {
    /// What follows the head.
    package enum Body: Sendable, Hashable {
        case none
        case json(JSONValue)
        case text(String, type: String)
    }

    /// How the connection ends the answer.
    package enum Ending: Sendable, Hashable {
        /// The answer is whole, and the connection stays open.
        case whole
        /// Closed (FIN) without an answer; status, headers and body do not matter then.
        case closed
        /// Reset (RST) without an answer.
        case reset
        /// Closed after half of the announced `Content-Length`.
        case cutBody
        /// Closed in the middle of a chunk.
        case cutChunk
    }

    /// A header field beside those of the body.
    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    package var headers: [Header]
    package var body: Body
    package var ending: Ending
    /// How long the answer (or the close) is held back.
    package var delay: Duration

    package init(
        status: Int, headers: [Header] = [], body: Body = .none, ending: Ending = .whole, delay: Duration = .zero
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.ending = ending
        self.delay = delay
    }

    /// Whether the client sees nothing of the answer.
    package var isDropped: Bool { ending == .closed || ending == .reset }

    /// The body when it is JSON.
    package var json: JSONValue? {
        guard case .json(let value) = body else { return nil }
        return value
    }

    static func json(_ status: Int, _ value: JSONValue) -> SimulatedResponse {
        SimulatedResponse(status: status, body: .json(value))
    }

    /// An error in the shape of Django REST Framework; the reference of the API does not document one.
    static func detail(_ status: Int, _ text: String, headers: [Header] = []) -> SimulatedResponse {
        SimulatedResponse(status: status, headers: headers, body: .json(["detail": .string(text)]))
    }
}
