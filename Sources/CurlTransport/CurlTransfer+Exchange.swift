import CCurl
import Model

/// What came of a transfer.
extension CurlTransfer {
    /// What became of the request when the transfer ended by itself.
    func exchange(_ result: ccurl_result, queued: Duration) -> HTTPExchange {
        let report = ccurl_transfer_report(pointer)
        let status = Int(report.status)
        if result == .complete, status != 0 {
            let response = HTTPResponse(status: status, block: headers, body: body)
            return HTTPExchange(outcome: .response(response), attempt: Self.attempt(report, queued: queued))
        }
        let (code, text) = Self.meaning(of: result)
        let said = String(cString: ccurl_transfer_error(pointer))
        // What was stopped here is for libcurl a failure like any other.
        let isOurs = said.utf8.isEmpty || result == .addressRefused || result == .replayRefused || result == .tooLarge
        let error = TransportError(code, isOurs ? text : said, status: status == 0 ? nil : status)
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
