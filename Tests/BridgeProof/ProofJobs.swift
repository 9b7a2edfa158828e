import Model
import Store

/// How many runs a second are claimed and completed, two durable commits each; `make bench` puts it beside plain SQLite.
enum ProofJobs {
    /// Prints the rate of one worker that takes one run at a time, and that of 16 of them.
    static func run(_ count: Int, folder: String) async throws {
        for workers in [1, 16] {
            let store = try SQLiteStore(path: "\(folder)/jobs-\(workers).sqlite", options: SQLiteStoreOptions())
            try await prepare(count, in: store)
            let began = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<workers { group.addTask { try await work(store) } }
                try await group.waitForAll()
            }
            let span = ContinuousClock.now - began
            print("\(workers) at once: \(Double(count) / span.inSeconds)")
            await store.close()
        }
    }

    private static func prepare(_ count: Int, in store: SQLiteStore) async throws {
        let now = ProofClock.start
        for number in 0..<count {
            let accepted = try await store.accept(
                NewDelivery(source: "slack", receivedAt: now, body: [], contentType: "", dedupKey: "\(number)"))
            guard case .stored(let id) = accepted else { continue }
            let run = NewRun(
                rule: "job", revision: RuleSetRevision(rawValue: "jobs"), episode: nil,
                event: EventReference(delivery: id, index: 0), dueAt: now, isUrgent: false, createdAt: now)
            try await store.commit(DispatchBatch(now: now, deliveries: [DispatchedDelivery(id: id, runs: [run])]))
        }
    }

    private static func work(_ store: SQLiteStore) async throws {
        let now = ProofClock.start + .seconds(1)
        while true {
            let claimed = try await store.claimRuns(ClaimRequest(now: now, leaseUntil: now + .seconds(30), limit: 1))
            guard var run = claimed.first?.run else { return }
            run.state = .succeeded
            run.reason = .applied
            _ = try await store.commit(RunTransition(now: now, run: run, releasesLease: true))
        }
    }
}
