import Logging
import Model
import Store
import Synchronization

/// A clock that stands still until a test turns it.
final class InboundClock: TimeSource {
    /// 2026-01-01T00:00:00Z.
    static let start = Timestamp(seconds: 1_767_225_600)

    private let instant = Mutex(InboundClock.start)

    func now() -> Timestamp { instant.withLock { $0 } }

    func advance(by span: Duration) { instant.withLock { $0 = $0 + span } }
}

/// A store of which only `accept` works, and does what a test says.
final class InboundFakeStore: Store {
    typealias Accept = @Sendable (NewDelivery) async -> Result<Acceptance, StoreError>

    private let deliveries = Mutex<[NewDelivery]>([])
    private let behaviour: Accept

    /// - Parameter behaviour: what `accept` does after it has kept the delivery; by default it stores it.
    init(_ behaviour: @escaping Accept = { _ in .success(.stored(DeliveryID(rawValue: 1))) }) {
        self.behaviour = behaviour
    }

    /// A store that fails with that code.
    convenience init(failing code: StoreError.Code) {
        self.init { _ in .failure(StoreError(code, "said the test")) }
    }

    /// What was handed to `accept`.
    var accepted: [NewDelivery] { deliveries.withLock { $0 } }

    func accept(_ delivery: NewDelivery) async throws(StoreError) -> Acceptance {
        deliveries.withLock { $0.append(delivery) }
        return try await behaviour(delivery).get()
    }

    private static let unsupported = StoreError(.closed, "not part of this fake")

    func commit(_ batch: DispatchBatch) async throws(StoreError) { throw Self.unsupported }
    func claimRuns(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedRun] { throw Self.unsupported }
    func commit(_ tick: ScheduleTick) async throws(StoreError) -> Int { 0 }
    func commit(_ transition: RunTransition) async throws(StoreError) -> TransitionResult { throw Self.unsupported }
    func decide(_ vote: NewApprovalVote) async throws(StoreError) -> ApprovalOutcome { throw Self.unsupported }
    func heartbeat(_ runs: [RunID: Int64], leaseUntil: Timestamp) async throws(StoreError) { throw Self.unsupported }
    func rescue(now: Timestamp, everything: Bool) async throws(StoreError) -> Int { throw Self.unsupported }
    func closeStaleEpisodes(before: Timestamp, now: Timestamp) async throws(StoreError) -> Int { throw Self.unsupported }
    func claimMessages(now: Timestamp, hiddenUntil: Timestamp, limit: Int) async throws(StoreError) -> [OutboxMessage] {
        throw Self.unsupported
    }
    func finishMessage(_ id: MessageID, _ result: MessageResult, now: Timestamp) async throws(StoreError) {
        throw Self.unsupported
    }
    func recordDigest(
        after: Timestamp?, through: Timestamp, messages: [NewMessage], now: Timestamp
    ) async throws(StoreError) -> Bool { throw Self.unsupported }
    func savePulses(
        _ pulses: [String: SourcePulse], audit: [AuditEntry], messages: [NewMessage], now: Timestamp
    ) async throws(StoreError) { throw Self.unsupported }
    func saveRuleSet(_ ruleSet: StoredRuleSet) async throws(StoreError) { throw Self.unsupported }
    func audit(_ entries: [AuditEntry], messages: [NewMessage], now: Timestamp) async throws(StoreError) {
        throw Self.unsupported
    }
    func changeOwnership(
        _ change: OwnershipChange, audit: AuditEntry, now: Timestamp
    ) async throws(StoreError) -> Bool { false }
    func checkWritable() async throws(StoreError) { throw Self.unsupported }
}

/// A latch that a test opens; whoever waits goes on then.
final class InboundLatch: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
