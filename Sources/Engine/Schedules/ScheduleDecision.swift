import Model
import Rules
import Store
import Webhooks

/// What becomes of the instants of every schedule; pure, so that a restart, a clock that was set and a test come to the same.
struct ScheduleDecision {
    /// The most instants of one rule that are run or told at once.
    static let maxInstants = 1_000

    let now: Timestamp
    let limits: Limits
    let cursors: [ScheduleCursor]

    /// What is to be written; `nil` when nothing is due and nothing has changed.
    func tick(_ rules: [Rule]) -> ScheduleTick? {
        var tick = ScheduleTick(cursors: [], deliveries: [], audit: [])
        for rule in rules where rule.isEnabled {
            guard let schedule = rule.schedule else { continue }
            tick.cursors.append(follow(rule, schedule, &tick))
        }
        let known = cursors.sorted(by: Self.precedes)
        tick.cursors.sort(by: Self.precedes)
        return tick.cursors == known && tick.deliveries.isEmpty && tick.audit.isEmpty ? nil : tick
    }

    /// When the next instant of any rule comes.
    func nextInstant(_ rules: [Rule]) -> Timestamp? {
        rules.lazy.filter(\.isEnabled).compactMap { $0.nextInstant(after: self.now) }.min()
    }

    private func follow(_ rule: Rule, _ schedule: CronSchedule, _ tick: inout ScheduleTick) -> ScheduleCursor {
        let text = "\(schedule.text) \(schedule.timezone)"
        // A rule that is new, or has another schedule than before, begins now: what lay before was never asked of it.
        guard let cursor = cursors.first(where: { $0.rule.utf8.elementsEqual(rule.name.utf8) }),
            cursor.schedule.utf8.elementsEqual(text.utf8)
        else { return ScheduleCursor(rule: rule.name, schedule: text, decidedUntil: now) }
        let maxAge = limits.strictest(rule.limits).maxEventAge
        // A clock that was set back comes to the same instants again; their keys keep them from being run twice.
        var last = min(cursor.decidedUntil, now)
        var missed: (count: Int, first: Timestamp, last: Timestamp)?
        var count = 0
        while let instant = rule.nextInstant(after: last), instant <= now, count < Self.maxInstants {
            last = instant
            count += 1
            if now.since(instant) > maxAge {
                missed = ((missed?.count ?? 0) + 1, missed?.first ?? instant, instant)
                continue
            }
            let event = ScheduledInstant(
                rule: rule.name, schedule: schedule.text, timezone: schedule.timezone, at: instant)
            tick.deliveries.append(
                NewDelivery(
                    source: ScheduledInstant.source, receivedAt: now, body: event.body, contentType: ScheduledInstant.contentType,
                    dedupKey: event.key))
        }
        // So many were missed that those before the last `max_event_age` are not counted one by one.
        if count == Self.maxInstants { last = max(last, min(now, now - maxAge)) }
        if let missed { tick.audit.append(Self.entry(rule, missed, isAll: count < Self.maxInstants, now: now)) }
        return ScheduleCursor(rule: rule.name, schedule: text, decidedUntil: last)
    }

    private static func entry(
        _ rule: Rule, _ missed: (count: Int, first: Timestamp, last: Timestamp), isAll: Bool, now: Timestamp
    ) -> AuditEntry {
        let span = missed.count == 1 ? missed.first.rfc3339 : "\(missed.first.rfc3339) to \(missed.last.rfc3339)"
        return AuditEntry(
            at: now, kind: .decision, reason: .missed, rule: rule.name, actor: ScheduledInstant.source,
            detail:
                "\(isAll ? "" : "more than ")\(missed.count) instant\(missed.count == 1 ? "" : "s") passed while the bridge was away, "
                + "too long ago to run: \(span)")
    }

    private static func precedes(_ left: ScheduleCursor, _ right: ScheduleCursor) -> Bool {
        left.rule.utf8.lexicographicallyPrecedes(right.rule.utf8)
    }
}
