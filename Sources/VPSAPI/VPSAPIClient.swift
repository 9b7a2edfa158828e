package import CurlTransport
import JSON
package import Model

/// The Servers API over HTTP.
///
/// Every request carries the bearer token and `Content-Type: application/json`, every path ends in a slash. Changing requests
/// reach the server at most once, `replace` and `update` among them: they say the same twice, but who repeats is the engine
/// alone, after it has read the server's state. Only `list` and `get` may be repeated by the transport, on a connection that died.
package struct VPSAPIClient: ServersAPI {
    /// Where the listing is, below the origin.
    static let listPath = "/api/v1/servers/"
    /// The most pages of one listing that are followed.
    static let pagesMax = 100
    /// The most bytes of one answer: 1 MiB, and 8 MiB for a page of a listing.
    static let answerBytesMax = 1_048_576
    static let pageBytesMax = 8_388_608

    private let origin: HTTPURL
    private let token: Secret
    private let transport: any HTTPTransport
    package let upstream: Upstream?

    /// A client for one account.
    ///
    /// - Parameters:
    ///   - baseURL: Scheme and host, such as `https://admin.vps.org`; plain `http` only as it is written in the configuration,
    ///     for a simulator on the same machine. No path.
    ///   - token: Visible ASCII, not empty.
    ///   - transport: What sends the requests.
    ///   - upstream: What lets them out; without one they are not bounded.
    /// - Throws: `HTTPRequestError` when the base URL or the token can not be used.
    package init(baseURL: String, token: Secret, transport: any HTTPTransport, upstream: Upstream? = nil)
        throws(HTTPRequestError)
    {
        let url = try HTTPURL(baseURL)
        guard url.pathAndQuery.utf8.elementsEqual("/".utf8) else {
            throw HTTPRequestError(.urlMalformed, "the base URL must be scheme and host only, such as https://admin.vps.org")
        }
        // The token's bytes are checked here, at start, and not at the first alert.
        _ = try HTTPRequest(method: .get, url: url.origin + Self.listPath, bearer: token, isReplayable: true)
        self.origin = url
        self.token = token
        self.transport = transport
        self.upstream = upstream
    }

    package func list(status: ServerStatus?, location: String?) async throws(APIError) -> ServerList {
        var path = Self.listPath + Self.query([("status", status?.rawValue), ("location", location)])
        var listing = Listing()
        var visited: Set<[UInt8]> = []
        while true {
            visited.insert(Array(path.utf8))
            let page = try await page(path, isFurther: visited.count > 1)
            listing.add(page)
            guard let link = page.next else { return listing.end(isLast: true) }
            guard let next = ListPage.path(ofNext: link, origin: origin, listPath: Self.listPath),
                !visited.contains(Array(next.utf8)), visited.count < Self.pagesMax
            else { return listing.end(isLast: false) }
            path = next
        }
    }

    package func get(_ id: ServerID) async throws(APIError) -> Server {
        let call = APICall(.get, Self.path(id), changes: false, isReplayable: true)
        return try server(in: try await perform(call), of: call, expecting: id)
    }

    package func create(_ request: CreateServer) async throws(APIError) -> Server {
        guard request.hasValidName else {
            throw APIError(
                code: .badRequest, certainty: .notExecuted,
                detail: "not sent: a server's name has ASCII letters, digits and hyphens only")
        }
        var call = APICall(.post, Self.listPath, body: request.json, isReplayable: false)
        call.timeout = .seconds(60)
        return try server(in: try await perform(call), of: call, expecting: nil)
    }

    package func replace(_ id: ServerID, _ request: ReplaceServer) async throws(APIError) -> Server {
        let call = APICall(.put, Self.path(id), body: request.json, isReplayable: false)
        return try server(in: try await perform(call), of: call, expecting: id)
    }

    package func update(_ id: ServerID, _ request: UpdateServer) async throws(APIError) -> Server {
        let call = APICall(.patch, Self.path(id), body: request.json, isReplayable: false)
        return try server(in: try await perform(call), of: call, expecting: id)
    }

    package func delete(_ id: ServerID) async throws(APIError) {
        var call = APICall(.delete, Self.path(id), isReplayable: false)
        call.needsBody = false
        _ = try await perform(call)
    }

    package func start(_ id: ServerID) async throws(APIError) -> PowerAnswer { try await power("start", id) }
    package func stop(_ id: ServerID) async throws(APIError) -> PowerAnswer { try await power("stop", id) }
    package func reboot(_ id: ServerID) async throws(APIError) -> PowerAnswer { try await power("reboot", id) }

    private func power(_ verb: String, _ id: ServerID) async throws(APIError) -> PowerAnswer {
        var call = APICall(.post, "\(Self.path(id))\(verb)/", isReplayable: false)
        call.needsBody = false
        let response = try await perform(call)
        // A 2xx is the order taken, whatever its body looks like: an error here would make it be sent again.
        guard let body = try? JSONValue.parse(response.body) else { return PowerAnswer(message: nil, status: nil) }
        let message = body["message"]?.stringValue.map { PrintableText.excerpt(Array($0.utf8), hiding: token) }
        let server = body["server"]
        let isOfThisServer = server?["id"]?.intValue == id.rawValue
        let status = isOfThisServer ? server?["status"]?.stringValue.map { ServerStatus(rawValue: $0) } : nil
        return PowerAnswer(message: message, status: status)
    }

    private func page(_ path: String, isFurther: Bool) async throws(APIError) -> ListPage {
        var call = APICall(.get, path, changes: false, isReplayable: true)
        call.answerBytesMax = Self.pageBytesMax
        call.isFurtherPage = isFurther
        let response = try await perform(call)
        let limits = JSONLimits(maxBytes: Self.pageBytesMax, maxValues: 1_000_000)
        guard let json = try? JSONValue.parse(response.body, limits: limits), let page = ListPage(json: json) else {
            throw invalid(response, of: call, "the answer is no list of servers")
        }
        return page
    }

    private func server(
        in response: HTTPResponse, of call: APICall, expecting id: ServerID?
    ) throws(APIError) -> Server {
        guard let json = try? JSONValue.parse(response.body), let server = Server(json: json) else {
            throw invalid(response, of: call, "the answer is no server")
        }
        guard id == nil || server.id == id else {
            throw invalid(response, of: call, "the answer is about server \(server.id)")
        }
        return server
    }

    private func invalid(_ response: HTTPResponse, of call: APICall, _ what: String) -> APIError {
        APIError(
            code: .invalidAnswer, certainty: call.changes ? .unknown : .notExecuted, status: response.status,
            detail: "\(what): \(PrintableText.excerpt(response.body, hiding: token))")
    }

    /// Sends one request, if the gate lets it out; returns the response when its status is 2xx.
    private func perform(_ call: APICall) async throws(APIError) -> HTTPResponse {
        let request: HTTPRequest
        do {
            request = try call.request(origin: origin, token: token)
        } catch {
            throw APIError(code: .notSent, certainty: .notExecuted, detail: error.reason)
        }
        return try APIAnswer(call: call, token: token).read(
            try await send(request, as: call.kind, isFurtherPage: call.isFurtherPage))
    }

    private func send(
        _ request: HTTPRequest, as kind: RequestClass, isFurtherPage: Bool
    ) async throws(APIError) -> HTTPOutcome {
        guard let upstream else { return await transport.send(request) }
        do throws(Upstream.HeldBack) {
            return try await upstream.send(request, as: kind, isFurtherPage: isFurtherPage, over: transport)
        } catch {
            throw APIError(error)
        }
    }

    private static func path(_ id: ServerID) -> String { "\(listPath)\(id.rawValue)/" }

    /// The fields that have a value, percent-encoded by bytes (RFC 3986, 2.3: all but the unreserved).
    private static func query(_ fields: [(String, String?)]) -> String {
        let pairs = fields.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
