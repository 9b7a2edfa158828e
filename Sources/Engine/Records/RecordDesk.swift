package import Model
import Rules
package import Store
package import Webhooks

/// What people do with what is stored: dead letters, deliveries, parked runs. Every act is in the audit, and every refusal.
///
/// Nothing here sends anything: what is begun anew goes through all guards as any run does. Safe to use from any task.
package struct RecordDesk: Sendable {
    /// What came of an act.
    package struct Answer: Sendable, Hashable {
        /// Whether it was done.
        package var isDone: Bool
        /// For people.
        package var text: String
        /// The runs that it began.
        package var runs: [RunID]
        /// Whether only a pause was in the way.
        package var isPaused = false

        package init(isDone: Bool, text: String, runs: [RunID] = []) {
            self.isDone = isDone
            self.text = text
            self.runs = runs
        }
    }

    private let store: any Store & RecordStore
    private let queries: any Queries
    private let rules: RuleBook
    private let sources: [String: WebhookSource]
    private let brakes: Brakes

    /// A desk over a store, the rules in force and the sources by which stored bodies are decoded again; `brakes` know whether the stop
    /// switch is on.
    package init(
        store: any Store & RecordStore, queries: any Queries, rules: RuleBook, sources: [String: WebhookSource],
        brakes: Brakes = Brakes()
    ) {
        self.store = store
        self.queries = queries
        self.rules = rules
        self.sources = sources
        self.brakes = brakes
    }

    // MARK: Dead letters

    /// Tries again what a dead letter stands for, as a new run under the rules and guards of now.
    ///
    /// A target that was not found is looked for again, what could not be decoded is decoded again. A parked run is not retried:
    /// only a person can say what became of its request. A letter that begins no run stays open.
    package func retry(_ id: DeadLetterID, by actor: String, now: Timestamp) async throws(StoreError) -> Answer {
        guard let letter = try await openLetter(id) else { return try await refuse(noLetter(id), .retried, by: actor, now: now) }
        if let run = try await parked(letter) {
            return try await refuse(isParked(run, id), .retried, letter, by: actor, now: now)
        }
        guard let delivery = try await queries.delivery(letter.letter.event.delivery) else {
            return try await refuse(
                "delivery \(letter.letter.event.delivery) of dead letter \(id) was cleared away: it can only be discarded",
                .retried, letter, by: actor, now: now)
        }
        var replay = EventReplay(
            delivery, ruleSet: rules.current, reason: .retried, actor: actor, rule: letter.letter.rule,
            because: "dead letter \(id) (\(letter.letter.reason.rawValue))", now: now)
        do throws(WebhookRejection) {
            let events = try decode(delivery)
            // What could not be decoded has no events yet: all of them are judged.
            let isOne = letter.letter.reason != .undecodable
            for (index, event) in events.enumerated() where !isOne || index == letter.letter.event.index {
                replay.judge(event, index: index)
            }
        } catch {
            return try await refuse("it still can not be decoded: \(error.message)", .retried, letter, by: actor, now: now)
        }
        return try await begin(replay, settling: id, letter: letter, by: actor, now: now)
    }

    /// Settles a dead letter without doing anything.
    package func discard(
        _ id: DeadLetterID, reason: String?, by actor: String, now: Timestamp
    ) async throws(StoreError) -> Answer {
        guard let letter = try await openLetter(id) else {
            return try await refuse(noLetter(id), .discarded, by: actor, now: now)
        }
        if let run = try await parked(letter) {
            return try await refuse(isParked(run, id), .discarded, letter, by: actor, now: now)
        }
        let said = reason.map { ": \($0)" } ?? ""
        let entry = entry(
            .discarded, letter, "dead letter \(id) (\(letter.letter.reason.rawValue)) is discarded\(said)", actor, now)
        do throws(StoreError) {
            _ = try await store.commit(RecordAct(now: now, settles: (id, .discarded), audit: [entry]))
        } catch  where error.code == .conflict {
            return try await refuse(error.message, .discarded, letter, by: actor, now: now)
        }
        return Answer(isDone: true, text: "dead letter \(id) is discarded")
    }

    // MARK: Events

    /// Decides on a stored delivery again, or on one of its events, or by one rule.
    package func replay(
        _ id: DeliveryID, event: Int?, rule: String?, by actor: String, now: Timestamp
    ) async throws(StoreError) -> Answer {
        guard let delivery = try await queries.delivery(id) else {
            return try await refuse("there is no delivery \(id); it may have been cleared away", .replayed, by: actor, now: now)
        }
        var replay = EventReplay(
            delivery, ruleSet: rules.current, reason: .replayed, actor: actor, rule: rule, because: "delivery \(id) again",
            now: now)
        let events: [Event]
        do throws(WebhookRejection) {
            events = try decode(delivery)
        } catch {
            return try await refuse("it can not be decoded: \(error.message)", .replayed, delivery: id, by: actor, now: now)
        }
        if let event, !events.indices.contains(event) {
            return try await refuse(
                "delivery \(id) has \(events.count) events, counted from 0", .replayed, delivery: id, by: actor, now: now)
        }
        for (index, found) in events.enumerated() where event.map({ $0 == index }) ?? true { replay.judge(found, index: index) }
        return try await begin(replay, settling: nil, letter: nil, by: actor, now: now)
    }

    // MARK: Parked runs

    /// Ends a parked run by what a person found out about its request, which gives its server back and settles its dead letter.
    package func resolve(
        _ id: RunID, happened: Bool, by actor: String, now: Timestamp
    ) async throws(StoreError) -> Answer {
        guard var run = try await queries.run(id) else {
            return try await refuse("there is no run \(id)", .settledByPerson, by: actor, now: now)
        }
        guard run.state == .parked else {
            return try await refuse(
                "run \(id) is \(run.state.rawValue), not parked", .settledByPerson, run: run, by: actor, now: now)
        }
        run.state = happened ? .succeeded : .failed
        run.reason = happened ? .applied : .notSent
        run.detail = "a person says: \(happened ? "it happened" : "it did not happen")"
        run.finishedAt = now
        let open = try await queries.intents(of: id).last { $0.outcome == nil }
        let closing = open.map { IntentChange.close($0.id, happened ? .applied : .notExecuted) }
        let audit = AuditEntry(
            at: now, kind: .command, reason: .settledByPerson, delivery: run.event.delivery, run: id, rule: run.rule,
            server: run.server, actor: actor, detail: run.detail)
        let result = try await store.commit(
            RunTransition(now: now, run: run, intent: closing, audit: [audit], releasesLease: true))
        guard case .committed = result else {
            return try await refuse(
                "run \(id) changed meanwhile; look at it again", .settledByPerson, run: run, by: actor, now: now)
        }
        return Answer(isDone: true, text: "run \(id) is ended; its server can be worked on again", runs: [id])
    }

    // MARK: Parts

    private func openLetter(_ id: DeadLetterID) async throws(StoreError) -> KeptLetter? {
        guard let letter = try await store.keptLetter(id), letter.settledAt == nil else { return nil }
        return letter
    }

    private func noLetter(_ id: DeadLetterID) -> String { "there is no open dead letter \(id)" }

    private func isParked(_ run: RunID, _ id: DeadLetterID) -> String {
        "run \(run) is parked: look what became of its request, then `vpsbridge runs resolve \(run) happened` or `not`"
    }

    /// The letter's run while it is parked.
    private func parked(_ letter: KeptLetter) async throws(StoreError) -> RunID? {
        guard let id = letter.letter.run, let run = try await queries.run(id), run.state == .parked else { return nil }
        return id
    }

    private func decode(_ delivery: Delivery) throws(WebhookRejection) -> [Event] {
        try Webhooks.decode(delivery, sources: sources)
    }

    private func begin(
        _ replay: EventReplay, settling id: DeadLetterID?, letter: KeptLetter?, by actor: String, now: Timestamp
    ) async throws(StoreError) -> Answer {
        let notes = replay.notes.prefix(5).joined(separator: "; ")
        guard !replay.runs.isEmpty else {
            return try await refuse(
                notes.isEmpty ? "there is nothing in it to decide on" : notes, replay.reason, letter,
                delivery: replay.delivery.id, by: actor, now: now)
        }
        if let stopped = try await stopping(replay, now: now) {
            var answer = try await refuse(
                stopped.detail, replay.reason, letter, delivery: replay.delivery.id, by: actor, now: now)
            answer.isPaused = true
            return answer
        }
        do throws(StoreError) {
            let runs = try await store.commit(
                RecordAct(
                    now: now, settles: id.map { ($0, .retried) }, episodes: replay.episodes, runs: replay.runs))
            let begun = zip(runs, replay.runs).map { "run \($0) of rule \($1.run.rule)" }.joined(separator: ", ")
            return Answer(isDone: true, text: "begun: \(begun)\(notes.isEmpty ? "" : "; \(notes)")", runs: runs)
        } catch  where error.code == .conflict {
            return try await refuse(error.message, replay.reason, letter, delivery: replay.delivery.id, by: actor, now: now)
        }
    }

    /// What stops everything that would be begun, as a person's command is refused under a pause; `nil` when something may begin.
    private func stopping(_ replay: EventReplay, now: Timestamp) async throws(StoreError) -> Refusal? {
        let standstill = Standstill(stop: brakes.stopRefusal, pauses: try await queries.pauses(at: now))
        let refusals = replay.runs.map { begun -> Refusal? in
            guard let rule = replay.ruleSet.rules.first(where: { $0.name.utf8.elementsEqual(begun.run.rule.utf8) }),
                !rule.onlyPauses
            else { return nil }
            let action = rule.rungs.first?.firstChange
            return standstill.refusal(
                of: PauseSubject(
                    rule: rule.name, source: replay.delivery.source, servers: [], actions: Set([action].compactMap(\.self))),
                now: now)
        }
        return refusals.contains { $0 == nil } ? nil : refusals.compactMap(\.self).first
    }

    private func refuse(
        _ text: String, _ act: Reason, _ letter: KeptLetter? = nil, delivery: DeliveryID? = nil, run: Run? = nil,
        by actor: String, now: Timestamp
    ) async throws(StoreError) -> Answer {
        var entry = entry(.refused, letter, "not \(act.rawValue): \(text)", actor, now)
        entry.delivery = entry.delivery ?? delivery ?? run?.event.delivery
        entry.run = entry.run ?? run?.id
        entry.rule = entry.rule ?? run?.rule
        entry.server = run?.server
        try await store.audit([entry], messages: [], now: now)
        return Answer(isDone: false, text: text)
    }

    private func entry(
        _ reason: Reason, _ letter: KeptLetter?, _ detail: String, _ actor: String, _ now: Timestamp
    ) -> AuditEntry {
        AuditEntry(
            at: now, kind: .command, reason: reason, delivery: letter?.letter.event.delivery, run: letter?.letter.run,
            rule: letter?.letter.rule, actor: actor, detail: String(detail.prefix(500)))
    }
}
