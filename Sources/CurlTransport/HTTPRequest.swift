package import Model

/// One HTTP request that has passed every check a request must pass before libcurl sees it.
///
/// Immutable, so that nothing unchecked gets in later. It prints as method and origin: URLs, headers and bodies hold secrets.
package struct HTTPRequest: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where a request may go.
    package enum Destination: Sendable, Hashable {
        /// Wherever the URL says, private addresses and plain http included: for URLs that are written in the configuration or in a
        /// rule, and for those of the API and of its servers.
        case configured
        /// Where the policy allows, and public addresses only: for URLs that came with an event. The policy judges the URL; the
        /// address is judged when the connection is made and again when one is reused, so a name that leads inside leads nowhere.
        /// Behind a configured proxy the address is the proxy's to judge, and the policy's list of hosts is all that holds here.
        case event(EgressPolicy)
    }

    /// The most bytes of a request body: 1 MiB.
    package static let bodyBytesMax = 1_048_576
    /// The most bytes of all header names and values together: 32 KiB.
    package static let headerBytesMax = 32_768
    /// The longest timeout.
    package static let timeoutMax: Duration = .seconds(600)
    /// The largest cap on a response body: 64 MiB.
    package static let responseBytesCeiling = 67_108_864

    package let method: HTTPMethod
    /// The URL as given; sent as it is, dot segments included.
    package let url: String
    /// The same, read.
    package let target: HTTPURL
    /// The headers in order, without the bearer token.
    package let headers: [(String, String)]
    /// The token of `Authorization: Bearer`.
    package let bearer: Secret?
    package let body: [UInt8]?
    /// Whether the request may reach the server more than once. `false` makes the transport stop libcurl when it is about to
    /// repeat the request by itself, so that the server sees it at most once.
    package let isReplayable: Bool
    /// From `send` to the whole response, time in the transport's queue included.
    package let totalTimeout: Duration
    /// Name look-up, connection and TLS handshake.
    package let connectTimeout: Duration
    /// The most bytes of body that are taken; one more ends the request with `tooLarge`.
    package let maxResponseBytes: Int
    package let destination: Destination

    /// Checks and builds a request.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - url: `http` or `https`, in the form that ``HTTPURL`` takes.
    ///   - headers: Names are tokens (RFC 9110, 5.6.2); values hold no control bytes but the tab. `Host`, `Connection`,
    ///     `Content-Length`, `Expect`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade` and `Proxy-…` are the transport's own
    ///     and refused; so is `Authorization` beside a bearer token.
    ///   - bearer: Visible ASCII, not empty.
    ///   - body: At most ``bodyBytesMax``; not for `HEAD`.
    ///   - isReplayable: Whether the server may see the request more than once; never true for what must happen once.
    ///   - totalTimeout: 1 ms to ``timeoutMax``. Default 30 s.
    ///   - connectTimeout: 1 ms to ``timeoutMax``. Default 5 s.
    ///   - maxResponseBytes: 0 to ``responseBytesCeiling``. Default 1 MiB.
    ///   - destination: Default `configured`.
    /// - Throws: ``HTTPRequestError``, whose reason says what is wrong without showing it; with the code `egress` when the
    ///   destination's policy refuses the URL.
    package init(
        method: HTTPMethod, url: String, headers: [(String, String)] = [], bearer: Secret? = nil, body: [UInt8]? = nil,
        isReplayable: Bool, totalTimeout: Duration = .seconds(30), connectTimeout: Duration = .seconds(5),
        maxResponseBytes: Int = 1_048_576, destination: Destination = .configured
    ) throws(HTTPRequestError) {
        target = try HTTPURL(url)
        if case .event(let policy) = destination { try policy.check(target) }
        try HeaderCheck.check(headers, bearer: bearer)
        guard (body?.count ?? 0) <= Self.bodyBytesMax else {
            throw HTTPRequestError(.body, "the request body is larger than \(Self.bodyBytesMax) bytes")
        }
        guard body == nil || method != .head else { throw HTTPRequestError(.body, "a HEAD request has no body") }
        for timeout in [totalTimeout, connectTimeout] where timeout < .milliseconds(1) || timeout > Self.timeoutMax {
            throw HTTPRequestError(.limit, "a timeout must be from 1 ms to \(Self.timeoutMax)")
        }
        guard (0...Self.responseBytesCeiling).contains(maxResponseBytes) else {
            throw HTTPRequestError(.limit, "the response cap must be from 0 to \(Self.responseBytesCeiling) bytes")
        }
        self.method = method
        self.url = url
        self.headers = headers
        self.bearer = bearer
        self.body = body
        self.isReplayable = isReplayable
        self.totalTimeout = totalTimeout
        self.connectTimeout = connectTimeout
        self.maxResponseBytes = maxResponseBytes
        self.destination = destination
    }

    package var description: String { "\(method.rawValue) \(target.origin)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["method": method.rawValue, "origin": target.origin]) }
}
