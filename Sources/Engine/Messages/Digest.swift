import Model
package import Rules

/// The daily digest: everything that was not told at once, counted by rule and server. Pure.
package enum Digest {
    /// When it is told.
    package struct Schedule: Sendable {
        /// Seconds since midnight.
        package var secondOfDay: Int
        package var zone: NamedTimeZone

        package init(secondOfDay: Int, zone: NamedTimeZone) {
            self.secondOfDay = secondOfDay
            self.zone = zone
        }

        /// The last instant at which a digest was due.
        func due(now: Timestamp) -> Timestamp { zone.last(secondOfDay: secondOfDay, before: now) }
    }

    /// The most lines of servers.
    static let maxLines = 40

    /// The digest of a span; `nil` when nothing happened that was not told at once.
    static func text(_ counts: DigestCounts, after: Timestamp, through: Timestamp) -> String? {
        let lines = counts.lines.filter { line in line.reason.map { MessagePolicy.timing(of: $0) == .digest } ?? true }
        guard !lines.isEmpty || counts.deadLetters + counts.lostMessages > 0 else { return nil }
        let runs = lines.reduce(0) { $0 + $1.count }
        var text = ["VPSBridge, \(after.minute) to \(through.minute): \(runs) \(runs == 1 ? "run" : "runs") that needed nobody."]
        var rows: [(rule: String, server: ServerID?, words: String)] = []
        for line in lines {
            let how = "\(line.count) \(line.state.rawValue)\(line.reason.map { " (\($0.rawValue))" } ?? "")"
            if let last = rows.last, last.rule.utf8.elementsEqual(line.rule.utf8), last.server == line.server {
                rows[rows.count - 1].words += ", " + how
            } else {
                let server = line.server.map { "\(line.serverName ?? "server") (\($0))" } ?? "no server"
                rows.append((line.rule, line.server, "\(line.rule), \(server): \(how)"))
            }
        }
        text += rows.prefix(maxLines).map(\.words)
        if rows.count > maxLines { text.append("and \(rows.count - maxLines) lines more: vpsbridge runs ls") }
        if counts.deadLetters > 0 { text.append("Dead letters: \(counts.deadLetters). See: vpsbridge dead ls") }
        if counts.lostMessages > 0 { text.append("Messages that could not be delivered: \(counts.lostMessages).") }
        return text.joined(separator: "\n")
    }
}

extension Timestamp {
    /// To the minute, for people.
    fileprivate var minute: String { Timestamp(seconds: microseconds / 60_000_000 * 60).rfc3339.replacing(":00Z", with: "Z") }
}
