import Logging
import Model
import Synchronization

/// What the worker's log tells: the run that it has in hand, and of what it complains.
final class ProofRunInHand: Sendable {
    private let id = Mutex<RunID?>(nil)
    private let complaint = Mutex<String?>(nil)

    var run: RunID? { id.withLock { $0 } }

    /// The first error since this was last asked: a process that lives has none.
    func takeComplaint() -> String? {
        complaint.withLock { complaint in
            defer { complaint = nil }
            return complaint
        }
    }

    /// The process is gone, and what it had in hand.
    func forget() {
        set(nil)
        _ = takeComplaint()
    }

    private func set(_ run: RunID?) { id.withLock { $0 = run } }

    private func complain(_ text: String) { complaint.withLock { $0 = $0 ?? text } }

    var logger: Logger {
        var logger = Logger(label: "proof") { _ in Handler(inHand: self) }
        logger.logLevel = .info
        return logger
    }

    private struct Handler: LogHandler {
        let inHand: ProofRunInHand
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        func log(event: LogEvent) {
            if event.level >= .error { inHand.complain("\(event.message) \(event.metadata ?? [:])") }
            switch event.metadata?["run"] {
            case .string(let text)?: inHand.set(Int64(text).map(RunID.init(rawValue:)))
            case .stringConvertible(let id)?: inHand.set(Int64("\(id)").map(RunID.init(rawValue:)))
            default: break
            }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
