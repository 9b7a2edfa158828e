import Glibc
import Model
import Synchronization

/// The value of `Date`, which an origin server with a clock sends (RFC 9110, section 6.6.1), written once a second.
final class DateHeader: Sendable {
    static let shared = DateHeader()

    private let cached = Mutex<(second: Int, text: String)>((-1, ""))

    var value: String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        return cached.withLock { cached in
            if cached.second != now.tv_sec { cached = (now.tv_sec, Self.text(Timestamp(seconds: Int64(now.tv_sec)))) }
            return cached.text
        }
    }

    /// The instant in the preferred form of RFC 9110, section 5.6.7, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ instant: Timestamp) -> String {
        let text = Array(instant.rfc3339.utf8)
        let field = { (range: Range<Int>) in String(decoding: text[range], as: UTF8.self) }
        guard instant.microseconds >= 0, text.count >= 20, let month = Int(field(5..<7)), months.indices.contains(month - 1)
        else {
            return "Thu, 01 Jan 1970 00:00:00 GMT"
        }
        let weekday = weekdays[Int(instant.microseconds / 86_400_000_000 % 7)]
        return "\(weekday), \(field(8..<10)) \(months[month - 1]) \(field(0..<4)) \(field(11..<19)) GMT"
    }

    /// From the day of the epoch on.
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
