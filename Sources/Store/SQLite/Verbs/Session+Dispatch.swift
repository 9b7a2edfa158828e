import Model

/// What the dispatcher decided, written.
extension Session {
    func commit(_ batch: DispatchBatch) throws {
        for dispatched in batch.deliveries {
            let marked = try execute(
                """
                UPDATE deliveries SET dispatched_at = ?, revision = ?, decided_events = ?
                WHERE id = ? AND dispatched_at IS NULL AND decided_events = ?
                """,
                [
                    .time(dispatched.end == nil ? batch.now : nil), .text(batch.revision?.rawValue),
                    .int(dispatched.end ?? dispatched.begin), .int(dispatched.id.rawValue), .int(dispatched.begin),
                ])
            guard marked == 1 else {
                throw StoreError(.conflict, "delivery \(dispatched.id) is decided on already or does not exist")
            }
            for change in dispatched.episodes { try apply(change, now: batch.now) }
            for run in dispatched.runs { _ = try add(run) }
            try append(dispatched.audit)
            for letter in dispatched.deadLetters { try add(letter) }
            for message in dispatched.messages { try add(message, now: batch.now) }
        }
    }

    /// - Returns: `nil` when the rule has its run already.
    func add(_ run: NewRun, isReplay: Bool = false) throws -> RunID? {
        let receivedAt = try first(
            "SELECT received_at FROM deliveries WHERE id = ?", [.int(run.event.delivery.rawValue)]
        ) { try $0.time() }
        guard let receivedAt else {
            throw StoreError(.conflict, "delivery \(run.event.delivery) of a new run does not exist")
        }
        var episode: EpisodeID?
        if let key = run.episode {
            episode = try presentEpisode(key)
            guard episode != nil else { throw StoreError(.conflict, "the episode of a new run was never opened") }
        }
        if let episode, !isReplay, try !mayBegin(run, for: episode, receivedAt: receivedAt) { return nil }
        // Both unique indexes say that the rule has its run already: for the episode, or for the event.
        let added = try execute(
            """
            INSERT INTO runs (rule, revision, episode, delivery, event_index, state, detail, rung, due_at, attempts, epoch,
                is_urgent, created_at, is_replay)
            VALUES (?, ?, ?, ?, ?, 'pending', '', 0, ?, 0, 0, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                .text(run.rule), .text(run.revision.rawValue), .int(episode?.rawValue), .int(run.event.delivery.rawValue),
                .int(run.event.index), .time(run.dueAt), .flag(run.isUrgent), .time(run.createdAt), .flag(isReplay),
            ])
        return added == 1 ? RunID(rawValue: lastInsertedID) : nil
    }

    /// Whether none of the rule's runs for a problem is at work, and none ended on its probe's word so short a time before the delivery came
    /// that it may be the same word. A run that ended otherwise is the only one of its problem, which an index sees to.
    private func mayBegin(_ run: NewRun, for episode: EpisodeID, receivedAt: Timestamp) throws -> Bool {
        try !exists(
            """
            SELECT 1 FROM runs WHERE episode = ? AND rule = ?
                AND (finished_at IS NULL OR (is_renewable = 1 AND finished_at > ?))
            """, [.int(episode.rawValue), .text(run.rule), .time(receivedAt - run.renewsAfter)])
    }
}
