import Model

/// What people do with dead letters and stored events.
extension Session {
    func commit(_ act: RecordAct) throws -> [RunID] {
        if let (id, reason) = act.settles {
            let settled = try execute(
                "UPDATE dead_letters SET settled_at = ?, settlement = ? WHERE id = ? AND settled_at IS NULL",
                [.time(act.now), .text(reason.rawValue), .int(id.rawValue)])
            guard settled == 1 else { throw StoreError(.conflict, "dead letter \(id) is settled already or does not exist") }
        }
        for case .open(let key, let at, let startsAt) in act.episodes where try presentEpisode(key) == nil {
            try apply(.open(key, at: at, startsAt: startsAt), now: act.now)
        }
        var begun: [RunID] = []
        for (run, entry) in act.runs {
            let id = try beginAnew(run)
            var entry = entry
            entry.run = id
            try append(entry)
            begun.append(id)
        }
        for entry in act.audit { try append(entry) }
        return begun
    }

    /// Begins a run although its rule may have had one for the same event or problem; not while that one is at work.
    private func beginAnew(_ run: NewRun) throws -> RunID {
        let episode = try run.episode.flatMap { try presentEpisode($0) }
        let event: [SQLValue] = [.int(run.event.delivery.rawValue), .int(run.event.index)]
        let atWork = try first(
            """
            SELECT id FROM runs WHERE rule = ? AND finished_at IS NULL
                AND (delivery = ? AND event_index = ? OR episode IS NOT NULL AND episode = ?)
            """, [.text(run.rule)] + event + [.int(episode?.rawValue)]
        ) { try $0.id(RunID.self) }
        if let atWork { throw StoreError(.conflict, "run \(atWork) of rule \(run.rule) is at work on it") }
        if let id = try add(run) { return id }
        guard let id = try add(run, isReplay: true) else {
            throw StoreError(.conflict, "a run of rule \(run.rule) is at work on it")
        }
        return id
    }

    /// What a person found out about a parked run settles its dead letter too.
    func settleLetters(of run: RunID, now: Timestamp) throws {
        try execute(
            "UPDATE dead_letters SET settled_at = ?, settlement = ? WHERE run = ? AND settled_at IS NULL",
            [.time(now), .text(Reason.settledByPerson.rawValue), .int(run.rawValue)])
    }
}
