package import Model

/// Reads `Retry-After` (RFC 9110, section 10.2.3).
///
/// libcurl's own reading is not used: in 7.88 it answers -90 for a date in the past, and 0 for what it can not read.
package enum RetryAfter {
    /// The longest wait that a server may ask for: 300 s.
    package static let max: Duration = .seconds(300)

    /// Reads how long the server asks to wait.
    ///
    /// - Parameters:
    ///   - value: The header's value: whole seconds, or an HTTP date.
    ///   - date: The same response's `Date`: a date is read against the clock of the server that wrote it.
    ///   - now: Stands in where `Date` is missing or unreadable; without either a date gives `nil`.
    /// - Returns: The wait, clamped to 0 ... ``max``; `nil` when the value is neither seconds nor a date.
    package static func parse(value: String, date: String?, now: Timestamp? = nil) -> Duration? {
        let digits = value.utf8
        if !digits.isEmpty, digits.allSatisfy(\.isDigit) {
            // What does not fit an Int64 is more than the clamp allows.
            guard let seconds = Int64(value) else { return max }
            return .seconds(min(seconds, 300))
        }
        guard let until = HTTPDate.parse(value), let base = date.flatMap(HTTPDate.parse) ?? now else { return nil }
        return Swift.min(Swift.max(until.since(base), .zero), max)
    }
}

extension HTTPResponse {
    /// What the response's `Retry-After` asks for, clamped to 0 ... 300 s; `nil` without a readable one.
    package var retryAfter: Duration? {
        header("Retry-After").flatMap { RetryAfter.parse(value: $0, date: header("Date")) }
    }
}
