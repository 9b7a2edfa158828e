package import Model

extension SQLiteStore: RecordStore {
    package func prune(_ step: PruneStep) async throws(StoreError) -> PruneResult {
        guard step.kind == .ruleSets else { return try await writer.submit { try $0.prune(step) } }
        // The search reads every run and delivery, which the writer must not wait for; that a set has come into force since is
        // seen by the writer.
        let unused = try await reader.read { try $0.unusedRuleSets(before: step.before) }
        var result = PruneResult(removed: 0, next: nil, took: .zero)
        for revision in unused where !step.keeping.contains(revision) {
            let begun = ContinuousClock.now
            if try await writer.submit({ try $0.removeRuleSet(revision, before: step.before) }) { result.removed += 1 }
            result.took = max(result.took, ContinuousClock.now - begun)
        }
        return result
    }

    package func anchorAudit(before: Timestamp, now: Timestamp) async throws(StoreError) -> Int {
        switch try await reader.read({ try $0.nextAnchor(before: before, now: now) }) {
        case .none: return 0
        case .damaged(let what):
            throw StoreError(.conflict, "the audit is not pruned, for its chain is broken: \(what); see vpsbridge audit verify")
        case .through(let mark, let anchor, let entries):
            try await writer.submit { try $0.anchorAudit(mark, from: anchor, now: now) }
            return entries
        }
    }

    package func shrink(pages: Int) async throws(StoreError) -> Int {
        try await writer.submit { try $0.shrink(pages: pages) }
    }

    package func commit(_ act: RecordAct) async throws(StoreError) -> [RunID] {
        try await writer.submit { try $0.commit(act) }
    }
}
