import JSON
import NIOCore
import NIOHTTP1

/// A refusal as it goes to the sender: `{"error": reason, "message": text}`.
struct Problem: Error {
    var status: HTTPResponseStatus
    /// A word of a closed set: log field and JSON member alike.
    var reason: String
    /// For the person who configures the sender; nothing secret, nothing of the body but what ``WebhookRejection`` quotes.
    var message: String
    var headers: [(String, String)] = []
    var outcome: IngestOutcome = .invalid

    var reply: Reply {
        let json = JSONValue.object(["error": .string(reason), "message": .string(message)]).serialized()
        return Reply(status, type: "application/json", body: ByteBuffer(bytes: json), headers: headers)
    }

    /// The path is right, the method is not.
    static func methodNotAllowed(allow: String) -> Problem {
        Problem(
            status: .methodNotAllowed, reason: "method_not_allowed", message: "use \(allow)", headers: [("Allow", allow)])
    }

    /// It can not be taken now and may be sent again: always 503, since monitors give up on 429 and on every other 4xx.
    static func unavailable(_ reason: String, _ message: String) -> Problem {
        Problem(
            status: .serviceUnavailable, reason: reason, message: message, headers: [("Retry-After", "5")], outcome: .overloaded)
    }
}

/// What the connection itself refuses.
extension Problem {
    /// More header bytes or fields than allowed.
    static let headersTooLarge = Problem(
        status: .requestHeaderFieldsTooLarge, reason: "headers_too_large",
        message: "the request line and headers are larger than this listener takes")

    /// Not HTTP/1.1 (RFC 9112), or framed in a way that two parsers could read differently.
    static let malformedRequest = Problem(
        status: .badRequest, reason: "malformed_request", message: "this is not a well-formed HTTP/1.1 request")

    /// The connection ended, or became no HTTP, inside the body.
    static let incompleteBody = Problem(
        status: .badRequest, reason: "incomplete_body", message: "the body is malformed or ended early")

    /// The body's time was over.
    static let bodyTimeout = Problem(
        status: .requestTimeout, reason: "body_timeout", message: "the body did not arrive in time")

    /// Too many bodies at once.
    static let tooManyBodies = unavailable("overloaded", "too many requests are being read; send it again")

    static func bodyTooLarge(limit: Int) -> Problem {
        Problem(status: .payloadTooLarge, reason: "body_too_large", message: "a body may have \(limit) bytes at most")
    }

    /// What a parser's error says about a request; `nil` when it says nothing, as a reset connection.
    init?(parserError error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .headersTooLarge
        case is HTTPParserError: self = .malformedRequest
        default: return nil
        }
    }
}
