import Model

/// What a run learnt of its problem from the source's own API.
extension Session {
    func apply(_ change: EvidenceChange, of run: RunID, now: Timestamp) throws {
        switch change {
        case .seen(let key, let at):
            guard let episode = try openEpisode(key), at > episode.lastSeenAt else { return }
            try execute("UPDATE episodes SET last_seen_at = ? WHERE id = ?", [.time(at), .int(episode.id.rawValue)])
            // The run itself knows already; the others may have waited for a word.
            try wakeOthers(of: episode.id, than: run, now: now)
        case .gone(let key, _):
            guard let episode = try close(key, at: now, ending: .resolved, now: now) else { return }
            // What waits for the sender to call it over has not heard that yet.
            try execute("UPDATE episodes SET awaits_word = 1 WHERE id = ?", [.int(episode.rawValue)])
        }
    }

    /// Why the answer that a step rests on does not count any more: the sender spoke of the problem after the question was asked.
    func outdated(_ evidence: EvidenceChange?, now: Timestamp) throws -> Refusal? {
        guard case .gone(let key, let askedAt) = evidence, let episode = try openEpisode(key), episode.lastSeenAt > askedAt else {
            return nil
        }
        return Refusal(reason: .refreshed, until: now, detail: "its sender has spoken of the problem meanwhile")
    }
}
