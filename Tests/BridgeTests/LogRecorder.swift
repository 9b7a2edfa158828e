import Logging
import Synchronization

/// Keeps log lines for a test.
final class LogRecorder: Sendable {
    private let recorded = Mutex<[[String: String]]>([])

    /// The metadata of each line at notice or above, its message under `message`.
    var lines: [[String: String]] { recorded.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .info
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        func log(event: LogEvent) {
            guard event.level >= .notice else { return }
            var line = (event.metadata ?? [:]).mapValues { "\($0)" }
            line["message"] = event.message.description
            recorder.recorded.withLock { $0.append(line) }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
