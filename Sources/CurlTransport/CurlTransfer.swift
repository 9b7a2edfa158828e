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
    func prepare(_ request: HTTPRequest, remaining: Duration, configuration: CurlDriverConfiguration) -> Bool {
        for (name, value) in request.headers where !add(name: name, value: value) { return false }
        if let bearer = request.bearer {
            let token = bearer.reveal()
            guard ccurl_transfer_add_bearer(pointer, token, token.count) else { return false }
        }
        let isPublicOnly = if case .event = request.destination { configuration.proxy == nil } else { false }
        let route = configuration.route.flatMap { $0(request.target) }.map { RouteLines($0, for: request.target) }
        return request.url.withCString { url in
            (request.body ?? []).withUnsafeBufferPointer { body in
                var prepared = ccurl_request(
                    url: url, method: Self.method(request.method), has_body: request.body != nil, body: body.baseAddress,
                    body_length: body.count, total_timeout: Self.milliseconds(remaining),
                    connect_timeout: Self.milliseconds(min(request.connectTimeout, remaining)),
                    body_cap: request.maxResponseBytes, is_replayable: request.isReplayable,
                    is_public_only: isPublicOnly, resolve: nil, connect_to: nil)
                guard let route else { return ccurl_transfer_prepare(pointer, &prepared) }
                return route.resolve.withCString { resolve in
                    route.connectTo.withCString { connectTo in
                        prepared.resolve = resolve
                        prepared.connect_to = connectTo
                        return ccurl_transfer_prepare(pointer, &prepared)
                    }
                }
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
