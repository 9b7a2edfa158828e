import CurlTransport
import JSON
import Model

/// One call of the API before it is an HTTP request.
struct APICall {
    let method: HTTPMethod
    /// Below the origin, with its query.
    let path: String
    let body: JSONValue?
    /// Whether the call changes anything at VPS.org.
    let changes: Bool
    /// Whether the transport may send it twice.
    let isReplayable: Bool
    /// Whether the operation's result is in the body; if not, a 2xx alone is enough.
    var needsBody = true
    /// Whether it goes on with a listing whose first page was let out.
    var isFurtherPage = false
    var timeout: Duration = .seconds(30)
    var answerBytesMax = VPSAPIClient.answerBytesMax

    init(_ method: HTTPMethod, _ path: String, body: JSONValue? = nil, changes: Bool = true, isReplayable: Bool) {
        self.method = method
        self.path = path
        self.body = body
        self.changes = changes
        self.isReplayable = isReplayable
    }

    /// What the gate takes the call for.
    var kind: RequestClass {
        let isOfAll = path.utf8.prefix { $0 != UInt8(ascii: "?") }.elementsEqual(VPSAPIClient.listPath.utf8)
        if !changes { return isOfAll ? .list : .read }
        return isOfAll ? .create : .mutate
    }

    func request(origin: HTTPURL, token: Secret) throws(HTTPRequestError) -> HTTPRequest {
        try HTTPRequest(
            method: method, url: origin.origin + path,
            headers: [("Content-Type", "application/json"), ("Accept", "application/json")], bearer: token,
            body: body?.serialized(), isReplayable: isReplayable, totalTimeout: timeout, maxResponseBytes: answerBytesMax)
    }
}
