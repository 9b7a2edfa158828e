package import Logging
package import Model
import Rules
import ServiceLifecycle
package import Store
import Synchronization
package import Webhooks

/// Turns stored deliveries into decisions: events, episodes and runs.
///
/// One dispatcher runs per process; a second process would lose every race for a delivery with `StoreError.conflict` and go on.
package struct Dispatcher: Service {
    /// How many deliveries are decided on in one transaction; keeps the writer free for senders.
    static let batchSize = 64
    /// How many events are decided on in one transaction; what is urgent waits for no more than these.
    static let eventsPerBatch = 100
    /// While senders wait for their answers, how long it stands back after a batch, as a multiple of the batch's time.
    static let yield = 20
    /// The longest that it stands back at once; a person's command waits for no longer than this.
    static let longestYield = Duration.milliseconds(200)

    private let store: any Store
    private let queries: any Queries
    private let rules: RuleBook
    private let sources: [String: WebhookSource]
    private let limits: Limits
    private let clock: any TimeSource
    private let doorbell: Doorbell
    private let workerDoorbell: Doorbell
    private let messageDoorbell: Doorbell
    private let approvals: ApprovalDesk
    private let isIntakeBusy: @Sendable () -> Bool
    private let pulse: LoopPulse
    private let logger: Logger
    private let partlyDecided = PartlyDecided()

    package init(
        store: any Store, queries: any Queries, rules: RuleBook, sources: [String: WebhookSource], limits: Limits,
        clock: any TimeSource, doorbell: Doorbell, workerDoorbell: Doorbell, messageDoorbell: Doorbell = Doorbell(),
        isIntakeBusy: @escaping @Sendable () -> Bool = { false }, pulse: LoopPulse = LoopPulse(), logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.rules = rules
        self.sources = sources
        self.limits = limits
        self.clock = clock
        self.doorbell = doorbell
        self.workerDoorbell = workerDoorbell
        self.messageDoorbell = messageDoorbell
        approvals = ApprovalDesk(store: store, queries: queries)
        self.isIntakeBusy = isIntakeBusy
        self.pulse = pulse
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var lastError: StoreError.Code?
            while !Task.isCancelled {
                do throws(StoreError) {
                    let begun = ContinuousClock.now
                    let count = try await dispatchOnce()
                    pulse.beat()
                    if count == 0 {
                        await doorbell.wait(atMost: .seconds(5))
                    } else if isIntakeBusy() {
                        // In a flood what is stored is safe and can be decided later; a sender that gets no answer comes again.
                        let span = min((ContinuousClock.now - begun) * Self.yield, Self.longestYield)
                        try? await Task.sleep(for: span)
                    }
                    lastError = nil
                } catch {
                    // The same trouble is told once; a full disk would fill the log too.
                    if lastError != error.code {
                        logger.error("the dispatcher waits for the store", metadata: ["error": "\(error)"])
                    }
                    lastError = error.code
                    await doorbell.wait(atMost: .seconds(1))
                }
            }
        }
    }

    /// Decides on the next deliveries, urgent ones first, and at most ``eventsPerBatch`` of their events: of a delivery of more the rest
    /// follows later, behind what is urgent by then.
    /// - Returns: how many deliveries there were, the last of them perhaps in part.
    package func dispatchOnce() async throws(StoreError) -> Int {
        let taken = take(try await queries.undispatched(limit: Self.batchSize))
        guard !taken.isEmpty else { return 0 }
        let now = clock.now()
        var open = try await episodes(of: taken)
        // Once for the whole batch: a reload meanwhile changes what the next batch is judged by, and no event sees two sets.
        let ruleSet = rules.current
        var batch: [DispatchedDelivery] = []
        for (delivery, events, part) in taken {
            switch events {
            case .success(let events):
                let replies = try await answers(in: events, part, of: delivery, ruleSet: ruleSet, now: now)
                batch.append(
                    Dispatch.decide(
                        delivery, events: events, part: part, open: &open, ruleSet: ruleSet, limits: limits, replies: replies,
                        now: now))
            case .failure(let rejection):
                batch.append(Dispatch.undecodable(delivery, message: rejection.message, now: now))
            }
        }
        try await store.commit(DispatchBatch(now: now, revision: ruleSet.revision, deliveries: batch))
        if batch.last?.end == nil { partlyDecided.forget() }
        if batch.contains(where: { !$0.runs.isEmpty || !$0.episodes.isEmpty }) { workerDoorbell.ring() }
        if batch.contains(where: { !$0.messages.isEmpty }) { messageDoorbell.ring() }
        log(batch)
        for silent in ruleSet.takeSilentRules() { warn(silent) }
        return batch.count
    }

    /// A delivery with its events, and the places of those that one transaction decides on.
    private typealias Taken = (delivery: Delivery, events: Result<[Event], WebhookRejection>, part: Range<Int>)

    /// What one transaction decides on.
    private func take(_ deliveries: [Delivery]) -> [Taken] {
        var taken: [Taken] = []
        var eventCount = 0
        for delivery in deliveries where eventCount < Self.eventsPerBatch {
            let events = decode(delivery)
            let count = (try? events.get().count) ?? 0
            let begin = min(delivery.decidedEvents, count)
            let part = begin..<min(count, begin + Self.eventsPerBatch - eventCount)
            eventCount += part.count
            taken.append((delivery, events, part))
        }
        return taken
    }

    /// The open episodes of what was taken, and those that still await the word that came now.
    private func episodes(of taken: [Taken]) async throws(StoreError) -> [EpisodeKey: Episode] {
        var keys: Set<EpisodeKey> = []
        var ended: Set<EpisodeKey> = []
        for (_, events, part) in taken {
            guard case .success(let events) = events else { continue }
            for event in events[part] where event.status == .problem || event.status == .resolved {
                let key = EpisodeKey(source: event.source, fingerprint: event.fingerprint)
                keys.insert(key)
                if event.status == .resolved { ended.insert(key) }
            }
        }
        var open = keys.isEmpty ? [:] : try await queries.openEpisodes(Array(keys))
        ended.subtract(open.keys)
        if !ended.isEmpty {
            let awaiting = try await queries.episodesAwaitingWord(Array(ended))
            open.merge(awaiting) { present, _ in present }
        }
        return open
    }

    /// Counts the commands that are answers to questions, before their delivery is marked: after a crash between the two they are
    /// counted again, which changes nothing.
    private func answers(
        in events: [Event], _ part: Range<Int>, of delivery: Delivery, ruleSet: RuleSet, now: Timestamp
    ) async throws(StoreError) -> [Int: ApprovalDesk.Reply] {
        var replies: [Int: ApprovalDesk.Reply] = [:]
        for index in part where events[index].status == .command {
            let event = events[index]
            guard case .answer(let verdict, let id, let reason) = CommandDesk.judge(event, ruleSet: ruleSet) else { continue }
            let person = ApprovalDesk.Person.chat(source: event.source, userID: event.command?.userID ?? "")
            replies[index] = try await approvals.answer(
                verdict, id, by: person, reason: reason, delivery: delivery.id, now: now)
            workerDoorbell.ring()
        }
        return replies
    }

    private func decode(_ delivery: Delivery) -> Result<[Event], WebhookRejection> {
        if let events = partlyDecided.events(of: delivery.id) { return .success(events) }
        do throws(WebhookRejection) {
            let events = try Webhooks.decode(delivery, sources: sources)
            if events.count > Self.eventsPerBatch { partlyDecided.keep(events, of: delivery.id) }
            return .success(events)
        } catch {
            return .failure(error)
        }
    }

    /// A rule that only ever misses a key most likely has a name misspelt, and nothing else would ever say so.
    private func warn(_ silent: SilentRule) {
        let near = silent.nearKeys.map { "`\($0)`" }.joined(separator: ", ")
        logger.warning(
            "rule `\(silent.rule)` can not match: `\(silent.path)` was missing in all \(silent.events) events so far",
            metadata: near.isEmpty ? [:] : ["near": "\(near)"])
    }

    private func log(_ batch: [DispatchedDelivery]) {
        guard logger.logLevel <= .info else { return }
        for delivery in batch {
            for entry in delivery.audit where entry.reason != .noRuleMatched || logger.logLevel <= .debug {
                logger.info(
                    "decided",
                    metadata: [
                        "reason": "\(entry.reason?.rawValue ?? "")", "delivery": "\(delivery.id)", "rule": "\(entry.rule ?? "")",
                        "actor": "\(entry.actor)", "detail": "\(entry.detail)",
                    ])
            }
        }
    }
}

/// The events of the delivery that is decided on part by part, so that it is decoded once for all its parts.
private final class PartlyDecided: Sendable {
    private let delivery = Mutex<(id: DeliveryID, events: [Event])?>(nil)

    func events(of id: DeliveryID) -> [Event]? {
        delivery.withLock { $0?.id == id ? $0?.events : nil }
    }

    func keep(_ events: [Event], of id: DeliveryID) {
        delivery.withLock { $0 = (id, events) }
    }

    func forget() {
        delivery.withLock { $0 = nil }
    }
}
