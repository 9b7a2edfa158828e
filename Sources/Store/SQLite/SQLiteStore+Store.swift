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
            for entry in entries { try session.append(entry) }
            for message in messages { try session.add(message, now: now) }
        }
    }

    package func checkWritable() async throws(StoreError) {
        try await writer.submit { try $0.proveWritable() }
    }
}
