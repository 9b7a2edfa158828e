package import Model

extension SQLiteStore: Store {
    package func accept(_ delivery: NewDelivery) async throws(StoreError) -> Acceptance {
        try await writer.submit(from: .intake(bytes: delivery.body.count), isolation: .none) { try $0.accept(delivery) }
    }

    package func commit(_ batch: DispatchBatch) async throws(StoreError) {
        try await writer.submit { try $0.commit(batch) }
    }

    package func claimRuns(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedRun] {
        try await writer.submit { try $0.claim(request) }
    }

    package func commit(_ transition: RunTransition) async throws(StoreError) -> TransitionResult {
        try await writer.submit { try $0.commit(transition) }
    }

    package func decide(_ vote: NewApprovalVote) async throws(StoreError) -> ApprovalOutcome {
        try await writer.submit { try $0.decide(vote) }
    }

    package func commit(_ tick: ScheduleTick) async throws(StoreError) -> Int {
        try await writer.submit { try $0.commit(tick) }
    }

    package func heartbeat(_ runs: [RunID: Int64], leaseUntil: Timestamp) async throws(StoreError) {
        try await writer.submit { try $0.heartbeat(runs, leaseUntil: leaseUntil) }
    }

    package func rescue(now: Timestamp, everything: Bool) async throws(StoreError) -> Int {
        try await writer.submit { try $0.rescue(now: now, everything: everything) }
    }

    package func closeStaleEpisodes(before: Timestamp, now: Timestamp) async throws(StoreError) -> Int {
        try await writer.submit { try $0.closeStaleEpisodes(before: before, now: now) }
    }

    package func claimMessages(now: Timestamp, hiddenUntil: Timestamp, limit: Int) async throws(StoreError) -> [OutboxMessage] {
        try await writer.submit { try $0.claimMessages(now: now, hiddenUntil: hiddenUntil, limit: limit) }
    }

    package func finishMessage(_ id: MessageID, _ result: MessageResult, now: Timestamp) async throws(StoreError) {
        try await writer.submit { try $0.finishMessage(id, result, now: now) }
    }

    package func saveRuleSet(_ ruleSet: StoredRuleSet) async throws(StoreError) {
        try await writer.submit { try $0.save(ruleSet) }
    }

    package func audit(_ entries: [AuditEntry], messages: [NewMessage], now: Timestamp) async throws(StoreError) {
        try await writer.submit { session in
            try session.append(entries)
            for message in messages { try session.add(message, now: now) }
        }
    }

    package func changeOwnership(
        _ change: OwnershipChange, audit: AuditEntry, now: Timestamp
    ) async throws(StoreError) -> Bool {
        try await writer.submit { session in
            guard try session.apply(change, now: now) else { return false }
            try session.append(audit)
            return true
        }
    }

    package func recordDigest(
        after: Timestamp?, through: Timestamp, messages: [NewMessage], now: Timestamp
    ) async throws(StoreError) -> Bool {
        try await writer.submit { try $0.recordDigest(after: after, through: through, messages: messages, now: now) }
    }

    package func savePulses(
        _ pulses: [String: SourcePulse], audit: [AuditEntry], messages: [NewMessage], now: Timestamp
    ) async throws(StoreError) {
        try await writer.submit { session in
            try session.save(pulses)
            for entry in audit { try session.append(entry) }
            for message in messages { try session.add(message, now: now) }
        }
    }

    package func checkWritable() async throws(StoreError) {
        try await writer.submit { try $0.proveWritable() }
    }
}

extension SQLiteStore: FleetStore {
    package func observe(_ sight: FleetSight, watch: FleetWatch, now: Timestamp) async throws(StoreError) {
        try await writer.submit { try $0.observe(sight, watch: watch, now: now) }
    }

    package func takeLook(now: Timestamp) async throws(StoreError) -> Bool {
        try await writer.submit { try $0.takeLook(now: now) }
    }

    package func promote(rule: String, actor: String, now: Timestamp) async throws(StoreError) -> Bool {
        try await writer.submit { try $0.promote(rule: rule, actor: actor, now: now) }
    }
}
