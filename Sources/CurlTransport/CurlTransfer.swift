import CCurl
import Model

/// Owns one libcurl transfer, which carries one request after another; belongs to the driver's thread.
final class CurlTransfer {
    /// What the transfer is at.
    struct Entry {
        let submission: CurlSubmission
        let started: ContinuousClock.Instant

        var queued: Duration { submission.job.submitted.duration(to: started) }
    }

    let pointer: OpaquePointer
    let tag: UInt32
    /// `nil` while it rests.
    var entry: Entry?

    /// `nil` when memory is short.
    init?(tag: UInt32, settings: CurlSettings) {
        guard let pointer = settings.makeTransfer(tag: tag) else { return nil }
        self.pointer = pointer
        self.tag = tag
    }

    deinit {
        ccurl_transfer_destroy(pointer)
    }

    /// Prepares the next request; false when libcurl refuses a value or memory is short, and then nothing was sent.
    ///
    /// It takes the job and not its request, whose copy costs as much as the rest of this.
    func prepare(_ job: CurlJob, remaining: Duration, configuration: CurlDriverConfiguration) -> Bool {
        for (name, value) in job.request.headers where !add(name: name, value: value) { return false }
        if let bearer = job.request.bearer {
            let token = bearer.reveal()
            guard ccurl_transfer_add_bearer(pointer, token, token.count) else { return false }
        }
        var prepared = ccurl_request()
        prepared.method = Self.method(job.request.method)
        prepared.has_body = job.request.body != nil
        prepared.total_timeout = Self.milliseconds(remaining)
        prepared.connect_timeout = Self.milliseconds(min(job.request.connectTimeout, remaining))
        prepared.body_cap = job.request.maxResponseBytes
        prepared.is_replayable = job.request.isReplayable
        // Behind a proxy the address is the proxy's: the check is its duty, see CurlDriverConfiguration.proxy.
        prepared.is_public_only = if case .event = job.request.destination { configuration.proxy == nil } else { false }
        guard let route = configuration.route?(job.request.target) else { return set(&prepared, of: job) }
        let lines = RouteLines(route, for: job.request.target)
        return lines.resolve.withCString { resolve in
            lines.connectTo.withCString { connectTo in
                prepared.resolve = resolve
                prepared.connect_to = connectTo
                return set(&prepared, of: job)
            }
        }
    }

    /// Adds the URL and the body, and hands all to libcurl, which copies.
    private func set(_ prepared: inout ccurl_request, of job: CurlJob) -> Bool {
        job.request.url.withCString { url in
            prepared.url = url
            guard let body = job.request.body else { return ccurl_transfer_prepare(pointer, &prepared) }
            return body.withUnsafeBufferPointer { body in
                prepared.body = body.baseAddress
                prepared.body_length = body.count
                return ccurl_transfer_prepare(pointer, &prepared)
            }
        }
    }

    /// Forgets the request and its answer.
    func recycle() {
        entry = nil
        ccurl_transfer_recycle(pointer)
    }

    private func add(name: String, value: String) -> Bool {
        var name = name
        var value = value
        return name.withUTF8 { name in
            value.withUTF8 { value in
                guard let start = name.baseAddress else { return false }
                return ccurl_transfer_add_header(pointer, start, name.count, value.baseAddress, value.count)
            }
        }
    }

    private static func method(_ method: HTTPMethod) -> ccurl_method {
        switch method {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put: .put
        case .patch: .patch
        case .delete: .delete
        }
    }

    /// Rounded up, since libcurl reads 0 as "no limit".
    static func milliseconds(_ span: Duration) -> Int {
        max(1, Int((span.wholeMicroseconds + 999) / 1_000))
    }
}
