import CurlTransport
import JSON

/// How long a platform asks to wait, as it says so in JSON.
enum MessageWait {
    /// Whole or broken seconds, rounded up to milliseconds and bounded as `Retry-After` is; `nil` for anything else.
    static func seconds(_ value: JSONValue) -> Duration? {
        let seconds: Double
        switch value {
        case .int(let whole): seconds = Double(whole)
        case .double(let broken): seconds = broken
        default: return nil
        }
        guard seconds.isFinite, seconds >= 0 else { return nil }
        let longest = RetryAfter.max.components.seconds
        return .milliseconds(Int64((min(seconds, Double(longest)) * 1_000).rounded(.up)))
    }
}
