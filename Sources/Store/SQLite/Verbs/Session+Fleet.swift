import Model

/// The states of the whole fleet: reading them, telling of them, and blindness.
extension Session {
    func fleetStates() throws -> [FleetState] {
        try all("SELECT kind, since, last_at, due_at, detail FROM fleet_states ORDER BY kind DESC", [], Self.readFleetState)
    }

    func fleetState(_ kind: FleetState.Kind) throws -> FleetState? {
        try first(
            "SELECT kind, since, last_at, due_at, detail FROM fleet_states WHERE kind = ?", [.text(kind.rawValue)],
            Self.readFleetState)
    }

    private static func readFleetState(_ row: inout RowReader) throws -> FleetState {
        FleetState(
            kind: try row.value(), since: try row.optionalTime(), lastAt: try row.time(), dueAt: try row.time(),
            detail: try row.text())
    }

    /// When a state is to be looked at next.
    func fleetDue() throws -> Timestamp? {
        try first("SELECT min(due_at) FROM fleet_states") { try $0.optionalTime() } ?? nil
    }

    /// A turn of the fleet goes into the audit and to people, once.
    func announce(_ kind: FleetState.Kind, _ text: String, _ channels: [String], now: Timestamp) throws {
        try append(AuditEntry(at: now, kind: .bridge, reason: kind.reason, actor: "bridge", detail: String(text.prefix(500))))
        try tell(kind.occasion, text, channels, now: now)
    }

    /// Tells people in the transaction of what they are told of, by the noise rule.
    func tell(_ occasion: MessagePolicy.Occasion, _ text: String, _ channels: [String], run: RunID? = nil, now: Timestamp) throws
    {
        for message in MessagePolicy.notices(occasion, text, channels: channels, run: run) { try add(message, now: now) }
    }

    /// Begins, goes on with or ends blindness by what was seen of the fleet.
    func observe(_ sight: FleetSight, watch: FleetWatch, now: Timestamp) throws {
        switch sight {
        case .seen(_, let at): try see(at: at, watch: watch, now: now)
        case .unseen(let why): try miss(why: why, watch: watch, now: now)
        }
    }

    private func see(at: Timestamp, watch: FleetWatch, now: Timestamp) throws {
        // A list from before the last one that failed shows nothing, unless that one lies ahead of a clock that was set back.
        guard let state = try fleetState(.blind), at >= state.lastAt || state.lastAt > now else { return }
        try execute("DELETE FROM fleet_states WHERE kind = 'blind'")
        guard let since = state.since else { return }
        try announce(
            .blind,
            "The servers can be seen again, after \(Self.rounded(now.since(since))): runs that waited are judged again, under all "
                + "limits.", watch.channels, now: now)
        for reason in [Reason.blind, .inventoryUnavailable, .apiUnavailable] { try wakeHeld(for: reason, now: now) }
        try wakeJudged(now: now)
    }

    private func miss(why: String, watch: FleetWatch, now: Timestamp) throws {
        let detail = String("the list of servers can not be had: \(why)".prefix(300))
        let begun = try first("SELECT first_at, since FROM fleet_states WHERE kind = 'blind'") { row in
            (at: try row.time(), since: try row.optionalTime())
        }
        guard let begun, begun.at <= now else {
            try execute(
                """
                INSERT INTO fleet_states (kind, first_at, last_at, due_at, detail) VALUES ('blind', ?, ?, ?, ?)
                ON CONFLICT (kind) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, due_at = excluded.due_at
                """, [.time(now), .time(now), .time(now + watch.blindAfter), .text(detail)])
            return
        }
        guard begun.since == nil else {
            try execute(
                "UPDATE fleet_states SET last_at = ?, due_at = ? WHERE kind = 'blind'",
                [.time(now), .time(now + Self.lookInterval)])
            return
        }
        guard now.since(begun.at) >= watch.blindAfter else {
            try execute("UPDATE fleet_states SET last_at = ? WHERE kind = 'blind'", [.time(now)])
            return
        }
        try execute(
            "UPDATE fleet_states SET since = ?, last_at = ?, due_at = ?, detail = ? WHERE kind = 'blind'",
            [.time(now), .time(now), .time(now + Self.lookInterval), .text(detail)])
        try announce(
            .blind,
            "Blind: \(detail). Rules change nothing until it is there; nothing is lost meanwhile.",
            watch.channels, now: now)
    }

    func takeLook(now: Timestamp) throws -> Bool {
        let taken = try execute(
            "UPDATE fleet_states SET due_at = ? WHERE kind = 'blind' AND due_at <= ?",
            [.time(now + Self.lookInterval), .time(now)])
        return taken > 0
    }

    /// How often the list is asked for during blindness, whether a run needs it or not.
    private static let lookInterval = Duration.seconds(60)

    // MARK: Demotion

    func isDemoted(_ rule: String) throws -> Bool {
        try exists("SELECT 1 FROM rule_autonomy WHERE rule = ? AND demoted_at IS NOT NULL", [.text(rule)])
    }

    /// Counts how a run of a rule that acts by itself ended, and demotes the rule when that was one time too many.
    func record(_ verdict: RuleVerdict, of step: RunTransition) throws {
        let rule = step.run.rule
        if verdict.isEffective {
            try execute("UPDATE rule_autonomy SET ineffective = 0 WHERE rule = ?", [.text(rule)])
            return
        }
        try execute(
            """
            INSERT INTO rule_autonomy (rule, ineffective) VALUES (?, 1)
            ON CONFLICT (rule) DO UPDATE SET ineffective = ineffective + 1
            """, [.text(rule)])
        let demoted = try execute(
            "UPDATE rule_autonomy SET demoted_at = ? WHERE rule = ? AND demoted_at IS NULL AND ineffective >= ?",
            [.time(step.now), .text(rule), .int(RuleVerdict.patience)])
        guard demoted > 0 else { return }
        let text =
            "Rule \(rule) did not help \(RuleVerdict.patience) times in a row: from now on it asks before it acts. When it is mended: "
            + "vpsbridge rules promote \(rule)"
        try append(
            AuditEntry(
                at: step.now, kind: .bridge, reason: .demoted, run: step.run.id, rule: rule, server: step.run.server,
                actor: "bridge", detail: text))
        try tell(.demoted, text, verdict.channels, now: step.now)
    }

    func promote(rule: String, actor: String, now: Timestamp) throws -> Bool {
        let promoted = try execute("DELETE FROM rule_autonomy WHERE rule = ? AND demoted_at IS NOT NULL", [.text(rule)]) > 0
        if promoted {
            try append(
                AuditEntry(
                    at: now, kind: .bridge, reason: .promoted, rule: rule, actor: actor, detail: "acts by itself again: \(rule)"))
        }
        return promoted
    }

    func demotedRules() throws -> [String: Timestamp] {
        let rules = try all("SELECT rule, demoted_at FROM rule_autonomy WHERE demoted_at IS NOT NULL") { row in
            (rule: try row.text(), at: try row.time())
        }
        return Dictionary(rules.map { ($0.rule, $0.at) }) { first, _ in first }
    }

    func fleetCondition() throws -> FleetCondition {
        var held: [Reason: Int] = [:]
        for (reason, number) in try all(
            "SELECT reason, count(*) FROM runs WHERE state = 'held' AND reason IS NOT NULL GROUP BY reason", [],
            { row in (try row.value(Reason.self), try row.number()) })
        {
            held[reason] = number
        }
        return FleetCondition(
            states: try fleetStates().filter { $0.since != nil }, serversWithProblems: try serversWithProblems(and: nil),
            held: held)
    }
}
