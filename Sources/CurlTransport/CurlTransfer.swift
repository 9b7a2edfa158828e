import CCurl
import Model

/// Owns one libcurl transfer; belongs to the driver's thread.
final class CurlTransfer {
    /// All header bytes of one response together, interim responses and trailers included.
    static let responseHeaderBytesMax = 65_536

    let pointer: OpaquePointer

    /// Prepares the transfer; `nil` when libcurl refuses a value or memory is short, and then nothing was sent.
    init?(tag: UInt64, request: HTTPRequest, remaining: Duration, configuration: CurlDriverConfiguration) {
        guard let pointer = ccurl_transfer_create(tag) else { return nil }
        self.pointer = pointer
        guard prepare(request, remaining: remaining, configuration: configuration) else { return nil }
    }

    deinit {
        ccurl_transfer_destroy(pointer)
    }

    private func prepare(_ request: HTTPRequest, remaining: Duration, configuration: CurlDriverConfiguration) -> Bool {
        ccurl_set_caps(pointer, request.maxResponseBytes, Self.responseHeaderBytesMax)
        ccurl_set_replayable(pointer, request.isReplayable)
        if request.destination == .publicOnly, configuration.proxy == nil { ccurl_set_public_only(pointer) }
        let connect = min(request.connectTimeout, remaining)
        return ccurl_set_url(pointer, request.url)
            && setMethod(request)
            && ccurl_set_timeouts(pointer, Self.milliseconds(remaining), Self.milliseconds(connect))
            && ccurl_set_user_agent(pointer, configuration.userAgent)
            && (configuration.caFile.map { ccurl_set_ca_file(pointer, $0) } ?? true)
            && (configuration.proxy.map { ccurl_set_proxy(pointer, $0) } ?? true)
            && addHeaders(request)
    }

    private func setMethod(_ request: HTTPRequest) -> Bool {
        guard let body = request.body else { return ccurl_set_method(pointer, request.method.rawValue, nil, 0) }
        // An empty array may have no address, and no address means no body.
        if body.isEmpty { return ccurl_set_method(pointer, request.method.rawValue, [0], 0) }
        return ccurl_set_method(pointer, request.method.rawValue, body, body.count)
    }

    private func addHeaders(_ request: HTTPRequest) -> Bool {
        var hasContentType = false
        for (name, value) in request.headers {
            if name.utf8.map(\.asciiLowercased).elementsEqual("content-type".utf8) { hasContentType = true }
            // libcurl reads "Name:" as "do not send Name", and "Name;" as an empty value.
            guard ccurl_add_header(pointer, value.utf8.isEmpty ? "\(name);" : "\(name): \(value)") else { return false }
        }
        // Without a type of ours libcurl would call every body a web form.
        if !hasContentType, !ccurl_add_header(pointer, "Content-Type:") { return false }
        guard let bearer = request.bearer else { return true }
        let line = Array("Authorization: Bearer ".utf8) + bearer.reveal() + [0]
        return ccurl_add_header(pointer, line.map { CChar(bitPattern: $0) })
    }

    /// Rounded up, since libcurl reads 0 as "no limit".
    static func milliseconds(_ span: Duration) -> Int64 {
        max(1, (span.wholeMicroseconds + 999) / 1_000)
    }

    /// What became of the request when the transfer ended by itself.
    func exchange(_ result: ccurl_result, queued: Duration) -> HTTPExchange {
        let report = ccurl_transfer_report(pointer)
        let status = Int(report.status)
        if result == .complete, status != 0 {
            let response = HTTPResponse(status: status, headers: HeaderBlock.parse(headers), body: body)
            return HTTPExchange(outcome: .response(response), attempt: Self.attempt(report, queued: queued))
        }
        let (code, fallback) = Self.meaning(of: result)
        let said = String(cString: ccurl_transfer_error(pointer))
        let error = TransportError(code, said.utf8.isEmpty ? fallback : said, status: status == 0 ? nil : status)
        return HTTPExchange(
            outcome: report.was_sent ? .maybeSent(error) : .notSent(error), attempt: Self.attempt(report, queued: queued))
    }

    /// What became of the request when the driver ended it, after that time: decided by whether bytes may have left, never by
    /// the error.
    func exchange(_ error: TransportError, queued: Duration, after total: Duration) -> HTTPExchange {
        var report = ccurl_transfer_report(pointer)
        // libcurl brings its own total up to date at the end of a transfer only.
        report.total = max(report.total, total.wholeMicroseconds)
        return HTTPExchange(
            outcome: report.was_sent ? .maybeSent(error) : .notSent(error), attempt: Self.attempt(report, queued: queued))
    }

    private static func attempt(_ report: ccurl_report, queued: Duration) -> HTTPAttempt {
        HTTPAttempt(
            queued: queued,
            timings: HTTPTimings(
                nameLookup: .microseconds(report.name_lookup), connect: .microseconds(report.connect),
                tls: .microseconds(report.tls), firstByte: .microseconds(report.first_byte),
                total: .microseconds(report.total)),
            isConnectionReused: report.is_reused, bytesSent: report.bytes_sent, bytesReceived: report.bytes_received,
            requestsReleased: Int(report.releases))
    }

    private var headers: [UInt8] {
        var count = 0
        let bytes = ccurl_transfer_headers(pointer, &count)
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private var body: [UInt8] {
        var count = 0
        let bytes = ccurl_transfer_body(pointer, &count)
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private static func meaning(of result: ccurl_result) -> (TransportError.Code, String) {
        switch result {
        case .complete: (.other, "the answer has no final status")
        case .resolve: (.resolve, "the host's name was not resolved")
        case .connect: (.connect, "no connection")
        case .tls: (.tls, "the TLS handshake failed")
        case .timeout: (.timeout, "no whole answer in time")
        case .tooLarge: (.tooLarge, "the answer is larger than its cap")
        case .reset: (.reset, "the connection ended before the whole answer had arrived")
        case .replayRefused: (.reset, "the connection ended without an answer; the request was not repeated")
        case .addressRefused: (.connect, "the host's address is not a public one")
        case .other: (.other, "the transfer failed")
        }
    }
}
