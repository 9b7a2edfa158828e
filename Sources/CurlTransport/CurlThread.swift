import CCurl
import Glibc
import Synchronization

/// One POSIX thread of its own: blocking calls must not hold up the cooperative pool, which has as many threads as cores.
final class CurlThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: Mutex<pthread_t?>

    /// Starts the thread; throws when the system has none to give.
    init(_ body: @escaping @Sendable () -> Void) throws(CurlStartError) {
        thread = Mutex(try Self.start(body))
    }

    /// Runs the body on a thread of its own that nobody waits for; throws when the system has none to give.
    static func detach(_ body: @escaping @Sendable () -> Void) throws(CurlStartError) {
        pthread_detach(try start(body))
    }

    private static func start(_ body: @escaping @Sendable () -> Void) throws(CurlStartError) -> pthread_t {
        var identifier = pthread_t()
        let box = Unmanaged.passRetained(Body(body))
        let code = pthread_create(
            &identifier, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                ccurl_name_thread("curl")
                CurlThread.blockSignals()
                body.run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw CurlStartError(.resources, "no thread for the transport: error \(code)")
        }
        return identifier
    }

    /// Waits until the thread has ended; once it has, and on the thread itself, this returns at once.
    func join() {
        thread.withLock { thread in
            guard let identifier = thread else { return }
            thread = nil
            if pthread_equal(identifier, pthread_self()) != 0 {
                pthread_detach(identifier)
            } else {
                pthread_join(identifier, nil)
            }
        }
    }

    /// Signals go to other threads, and SIGPIPE, which a write to a closed TLS connection raises on its own thread, goes
    /// nowhere. Those that report a fault of this very thread stay on.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS] { sigdelset(&signals, fault) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
