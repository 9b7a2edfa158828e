import CCurl
import Synchronization

/// HTTP by libcurl: one multi handle on one thread of its own.
///
/// Any task on any thread may send. At most `maxInFlight` requests run, `maxWaiting` wait, and further ones are answered
/// `notSent(busy)` at once. libcurl follows no redirect, obeys no proxy of the environment and repeats nothing that is not
/// replayable. Call ``shutdown(drain:)`` before the process ends: OpenSSL frees its state at exit, under a thread that still
/// runs.
package final class CurlDriver: HTTPTransport {
    /// The libcurl that runs.
    package let build: CurlBuild

    /// What is wrong with the trusted certificates, for the log; `nil` when there are some. Without any, every https request
    /// fails as `notSent(tls)`: container images without the package `ca-certificates` have none.
    package let trustWarning: String?

    private let inbox: CurlInbox
    private let thread: CurlThread

    /// Checks libcurl and the configuration, and starts the thread.
    ///
    /// - Throws: ``CurlStartError``, whose reason says what to install or to change.
    package init(configuration: CurlDriverConfiguration = CurlDriverConfiguration()) throws(CurlStartError) {
        guard ccurl_global_start() else { throw CurlStartError(.resources, "libcurl does not start") }
        build = CurlBuild.current
        try build.check()
        try configuration.check()
        // A library that knows none of an option (it need not be the one of the headers) says so now, not at every request.
        guard CurlTransfer(tag: 0, settings: CurlSettings(configuration)) != nil else {
            throw CurlStartError(.feature, "libcurl \(build.versionText) refuses an option that the transport needs")
        }
        trustWarning = configuration.trustWarning(defaultFile: build.defaultCAFile)
        guard let pointer = ccurl_multi_create(Int32(configuration.maxInFlight)) else {
            throw CurlStartError(.resources, "libcurl has no memory for its connections")
        }
        let multi = CurlMulti(pointer: pointer)
        let inbox = CurlInbox(multi: multi, outstandingMax: configuration.maxInFlight + configuration.maxWaiting)
        do {
            thread = try CurlThread { CurlLoop(inbox: inbox, multi: multi, configuration: configuration).run() }
        } catch {
            ccurl_multi_destroy(pointer)
            throw error
        }
        self.inbox = inbox
    }

    deinit {
        // The loop holds the inbox and no reference to the driver: without this the thread would outlive it.
        inbox.close(at: .now, closer: nil)
        thread.join()
    }

    /// How many requests run and wait now.
    package var outstanding: Int { inbox.outstanding }

    /// Sends the request; see ``HTTPTransport`` and ``exchange(_:)``.
    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        await exchange(request).outcome
    }

    /// Sends the request, and says beside its outcome what was measured.
    ///
    /// A cancelled task gets its outcome within milliseconds: `notSent` when nothing had left yet, `maybeSent` after that.
    package func exchange(_ request: HTTPRequest) async -> HTTPExchange {
        let job = CurlJob(request, submitted: .now)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let refusal = inbox.submit(CurlSubmission(job: job, continuation: continuation)) {
                    continuation.resume(returning: HTTPExchange(outcome: .notSent(refusal), attempt: HTTPAttempt()))
                }
            }
        } onCancel: {
            job.isCancelled.store(true, ordering: .releasing)
            inbox.cancel(job)
        }
    }

    /// Stops the intake, lets what runs end for that long, ends the rest and joins the thread.
    ///
    /// Every request is answered exactly once before this returns: those that wait with `notSent(shutdown)`, those that run
    /// with their response, or with `notSent` or `maybeSent`. May be called more than once and by several tasks; the shortest
    /// time to drain counts.
    package func shutdown(drain: Duration = .zero) async {
        let instant = ContinuousClock.now.advanced(by: max(drain, .zero))
        await withCheckedContinuation { inbox.close(at: instant, closer: $0) }
        // The loop has left: what remains of the thread is its last few instructions.
        thread.join()
    }
}
