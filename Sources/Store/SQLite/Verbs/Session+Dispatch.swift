import Model

/// What the dispatcher decided, written.
extension Session {
    func commit(_ batch: DispatchBatch) throws {
        for dispatched in batch.deliveries {
            let marked = try execute(
                "UPDATE deliveries SET dispatched_at = ?, revision = ? WHERE id = ? AND dispatched_at IS NULL",
                [.time(batch.now), .text(batch.revision?.rawValue), .int(dispatched.id.rawValue)])
            guard marked == 1 else {
                throw StoreError(.conflict, "delivery \(dispatched.id) is dispatched already or does not exist")
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
        guard try exists("SELECT 1 FROM deliveries WHERE id = ?", [.int(run.event.delivery.rawValue)]) else {
            throw StoreError(.conflict, "delivery \(run.event.delivery) of a new run does not exist")
        }
        var episode: EpisodeID?
        if let key = run.episode {
            episode = try presentEpisode(key)
            guard episode != nil else { throw StoreError(.conflict, "the episode of a new run was never opened") }
        }
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
}
