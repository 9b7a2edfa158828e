import Logging
import Model
import NIOHTTP1
import Synchronization

/// Writes one line per rejected request, and at most a bounded number of lines a second: a flood must not fill the disk.
final class RejectionLog: Sendable {
    /// The most lines a second; what is left out is counted on the next line.
    static let linesPerSecond = 50

    private struct Window {
        var second: Int64 = .min
        var lines = 0
        var suppressed = 0
    }

    private let logger: Logger
    private let clock: any TimeSource
    private let window = Mutex(Window())

    init(logger: Logger, clock: any TimeSource) {
        self.logger = logger
        self.clock = clock
    }

    /// Writes the line; `source` is the configured name, `nil` when the request names none.
    ///
    /// Of what the peer sent it shows at most what the answer quotes: one name or character, escaped, and only after authentication.
    func note(source: String?, _ problem: Problem) {
        guard let suppressed = admit() else { return }
        var metadata: Logger.Metadata = [
            "source": "\(source ?? "(unknown)")", "reason": "\(problem.reason)", "status": "\(problem.status.code)",
            "detail": "\(problem.message)",
        ]
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.notice("webhook request rejected", metadata: metadata)
    }

    /// How many lines were left out since the last one; `nil` when this one is left out, too.
    private func admit() -> Int? {
        let second = clock.now().microseconds / 1_000_000
        return window.withLock { window in
            if window.second != second {
                window.second = second
                window.lines = 0
            }
            guard window.lines < Self.linesPerSecond else {
                window.suppressed += 1
                return nil
            }
            window.lines += 1
            defer { window.suppressed = 0 }
            return window.suppressed
        }
    }
}
