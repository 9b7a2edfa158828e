import HTTPTypes
import Hummingbird
import JSON

/// A refusal as it goes to the sender: `{"error": reason, "message": text}`.
struct Problem: Error {
    var status: HTTPResponse.Status
    /// A word of a closed set: log field and JSON member alike.
    var reason: String
    /// For the person who configures the sender; nothing secret, nothing of the body.
    var message: String
    var headers = HTTPFields()
    /// Whether the connection ends with this answer, because a body was left unread or can not be trusted to end.
    var closes = false
    var outcome: IngestOutcome = .invalid

    /// The body of the answer.
    var json: [UInt8] {
        JSONValue.object(["error": .string(reason), "message": .string(message)]).serialized()
    }

    /// The answer to a request of that method.
    func response(to method: HTTPRequest.Method) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        if closes { headers[.connection] = "close" }
        let response = Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
        return method == .head ? response.createHeadResponse() : response
    }

    /// Nothing lives at that path.
    static let notFound = Problem(
        status: .notFound, reason: "not_found", message: "nothing is here; webhooks go to /hooks/{source}", closes: true)

    /// The path is right, the method is not.
    static func methodNotAllowed(allow: String) -> Problem {
        Problem(
            status: .methodNotAllowed, reason: "method_not_allowed", message: "use \(allow)",
            headers: [.allow: allow], closes: true)
    }

    /// It can not be taken now and may be sent again: always 503, since monitors give up on 429 and on every other 4xx.
    static func unavailable(_ reason: String, _ message: String, closes: Bool = false) -> Problem {
        Problem(
            status: .serviceUnavailable, reason: reason, message: message,
            headers: [.retryAfter: "5"], closes: closes, outcome: .overloaded)
    }
}
