import Model

/// How far schedules were followed.
extension Session {
    /// - Returns: how many instants are to be run that were not stored before.
    func commit(_ tick: ScheduleTick) throws -> Int {
        var stored = 0
        for delivery in tick.deliveries {
            if case .stored = try accept(delivery) { stored += 1 }
        }
        for entry in tick.audit { try append(entry) }
        let known = try scheduleCursors()
        for cursor in known where !tick.cursors.contains(where: { $0.rule.utf8.elementsEqual(cursor.rule.utf8) }) {
            try execute("DELETE FROM schedules WHERE rule = ?", [.text(cursor.rule)])
        }
        for cursor in tick.cursors where !known.contains(cursor) {
            try execute(
                """
                INSERT INTO schedules (rule, schedule, decided_until) VALUES (?, ?, ?)
                ON CONFLICT (rule) DO UPDATE SET schedule = excluded.schedule, decided_until = excluded.decided_until
                """, [.text(cursor.rule), .text(cursor.schedule), .time(cursor.decidedUntil)])
        }
        return stored
    }

    func scheduleCursors() throws -> [ScheduleCursor] {
        try all("SELECT rule, schedule, decided_until FROM schedules ORDER BY rule") { row in
            ScheduleCursor(rule: try row.text(), schedule: try row.text(), decidedUntil: try row.time())
        }
    }
}
