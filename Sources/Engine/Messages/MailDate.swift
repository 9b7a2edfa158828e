import Model

/// Instants as mail writes them: `Sun, 22 Nov 2026 05:40:00 +0000` (RFC 5322, section 3.3).
enum MailDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func text(_ instant: Timestamp) -> String {
        let fields = instant.rfc3339.utf8.split { !(0x30...0x39).contains($0) }.map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 6, let month = Int(fields[1]), months.indices.contains(month - 1) else {
            return "Thu, 01 Jan 1970 00:00:00 +0000"
        }
        let seconds = instant.microseconds / 1_000_000 - (instant.microseconds % 1_000_000 < 0 ? 1 : 0)
        let day = (seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)) % 7
        return "\(days[Int(day < 0 ? day + 7 : day)]), \(fields[2]) \(months[month - 1]) \(fields[0]) "
            + "\(fields[3]):\(fields[4]):\(fields[5]) +0000"
    }
}
