import JSON
import Model

/// What a refusing answer says in `Retry-After` (RFC 9110, section 10.2.3), and what it should not say.
package enum RetryAfterField: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// Whole seconds: `"retry_after": 30`.
    case seconds(Int)
    /// An HTTP-date that many seconds from now, in the past when negative: `"retry_after_date": -60`.
    case date(Int)
    /// These characters as they are: `"retry_after": "soon"`.
    case text(String)

    package init(integerLiteral seconds: Int) { self = .seconds(seconds) }

    /// The header fields of an answer at that time; a date comes with the `Date` that it is counted from.
    func headers(now: Timestamp) -> [SimulatedResponse.Header] {
        switch self {
        case .seconds(let seconds): [.init(name: "Retry-After", value: String(seconds))]
        case .text(let text): [.init(name: "Retry-After", value: text)]
        case .date(let seconds):
            [
                .init(name: "Date", value: now.httpDate),
                .init(name: "Retry-After", value: (now + .seconds(seconds)).httpDate),
            ]
        }
    }
}

extension RetryAfterField {
    /// Reads `retry_after` or `retry_after_date` of a fault; `nil` when there is neither.
    init?(_ fields: Fields) throws(FormatError) {
        if let seconds = try fields.integer("retry_after_date", in: -86_400...86_400) {
            guard fields["retry_after"] == nil else { throw FormatError("retry_after_date stands in the place of retry_after") }
            self = .date(Int(seconds))
        } else if let text = fields["retry_after"]?.stringValue {
            guard (1...100).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw FormatError("retry_after must be a whole number, or a text of 1 to 100 printable ASCII characters")
            }
            self = .text(text)
        } else if let seconds = try fields.integer("retry_after", in: 0...86_400) {
            self = .seconds(Int(seconds))
        } else {
            return nil
        }
    }

    var member: JSONObject.Member {
        switch self {
        case .seconds(let seconds): .init(name: "retry_after", value: .int(Int64(seconds)))
        case .date(let seconds): .init(name: "retry_after_date", value: .int(Int64(seconds)))
        case .text(let text): .init(name: "retry_after", value: .string(text))
        }
    }
}

extension Timestamp {
    /// IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    var httpDate: String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let second: Int64 = 1_000_000
        let day = wholeSeconds.microseconds / second / 86_400 - (wholeSeconds.microseconds < 0 ? 1 : 0)
        // `2025-01-16T15:30:00Z`
        let parts = wholeSeconds.rfc3339.split { $0 == "-" || $0 == "T" || $0 == "Z" }
        guard parts.count == 4, let month = Int(parts[1]), (1...12).contains(month) else { return rfc3339 }
        return "\(days[Int(((day % 7) + 7) % 7)]), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]) GMT"
    }
}
