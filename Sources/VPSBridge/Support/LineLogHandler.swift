import Glibc
import JSON
import Logging
import Model

/// Writes one line per log message to standard output: JSON, or plain text on a terminal.
///
/// Each line is one `write`, so that lines of several threads do not mix and none is lost when the process dies.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    private let label: String
    private let isJSON: Bool
    private let clock = SystemClock()

    init(label: String, isJSON: Bool) {
        self.label = label
        self.isJSON = isJSON
    }

    /// Sets up logging for the process, once.
    static func bootstrap(level: Logger.Level) {
        let isJSON = isatty(STDOUT_FILENO) == 0
        LoggingSystem.bootstrap { label in
            var handler = LineLogHandler(label: label, isJSON: isJSON)
            handler.logLevel = level
            return handler
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = clock.now().rfc3339
        if isJSON {
            var members: [JSONObject.Member] = [
                .init(name: "ts", value: .string(time)), .init(name: "level", value: .string(event.level.rawValue)),
                .init(name: "logger", value: .string(label)), .init(name: "msg", value: .string(event.message.description)),
            ]
            members += fields.map { .init(name: $0.key, value: .string("\($0.value)")) }
            Output.line(String(decoding: JSONValue.object(JSONObject(members)).serialized(), as: UTF8.self))
        } else {
            let rest = fields.map { "\($0.key)=\("\($0.value)".printable)" }.joined(separator: " ")
            Output.line("\(time) \(event.level) \(event.message.description.printable) \(rest)")
        }
    }
}
