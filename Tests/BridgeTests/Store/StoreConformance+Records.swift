import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let records = [
        StoreConformance("a message is hidden while it is sent and counted as an attempt, answers go first") { scenario in
            let response = MessageDestination.response(source: "slack", url: "https://hooks.slack.com/x")
            try await scenario.dispatch(
                scenario.deliver(),
                messages: [
                    NewMessage(destination: .channel("ops"), text: "one", run: RunID(rawValue: 3)),
                    NewMessage(destination: response, text: "two"),
                ], now: Scenario.at(1))
            #expect(try await scenario.store.nextMessageDue() == Scenario.at(1))
            func take(_ now: Int64, limit: Int = 10) async throws -> [OutboxMessage] {
                try await scenario.store.claimMessages(now: Scenario.at(now), hiddenUntil: Scenario.at(now + 30), limit: limit)
            }
            #expect(try await take(0).isEmpty)
            let first = try await take(1, limit: 1)
            #expect(first.map(\.destination) == [response] && first.map(\.run) == [nil])
            let second = try await take(1)
            #expect(
                second == [
                    OutboxMessage(
                        id: second[0].id, destination: .channel("ops"), text: "one", run: RunID(rawValue: 3),
                        createdAt: Scenario.at(1),
                        attempts: 1)
                ])
            #expect(try await take(30).isEmpty)
            #expect(try await take(31).map(\.attempts) == [2, 2])
        },
        StoreConformance("a message is delivered, tried again or given up") { scenario in
            try await scenario.dispatch(
                scenario.deliver(), messages: ["a", "b", "c"].map { NewMessage(destination: .channel("ops"), text: $0) })
            let taken = try await scenario.store.claimMessages(now: Scenario.start, hiddenUntil: Scenario.at(30), limit: 10)
            #expect(taken.map(\.text) == ["a", "b", "c"])
            try await scenario.store.finishMessage(taken[0].id, .delivered, now: Scenario.at(1))
            try await scenario.store.finishMessage(taken[1].id, .retry(at: Scenario.at(5)), now: Scenario.at(1))
            try await scenario.store.finishMessage(taken[2].id, .failed("no such channel"), now: Scenario.at(1))
            #expect(try await scenario.store.counts().waitingMessages == 1)
            #expect(try await scenario.store.nextMessageDue() == Scenario.at(5))
            // One that is settled does not come back.
            try await scenario.store.finishMessage(taken[0].id, .retry(at: Scenario.at(2)), now: Scenario.at(2))
            let again = try await scenario.store.claimMessages(now: Scenario.at(100), hiddenUntil: Scenario.at(130), limit: 10)
            #expect(again.map(\.text) == ["b"] && again.map(\.attempts) == [2])
            #expect(
                await storeFails(.conflict) {
                    try await scenario.store.finishMessage(MessageID(rawValue: 99), .delivered, now: Scenario.start)
                })
        },
        StoreConformance("a rule set is kept once, file by file") { scenario in
            let revision = RuleSetRevision(rawValue: "abc")
            let files = [
                StoredRuleSet.File(name: "b.yaml", text: "version: 1\n# \u{E9} \u{0}\n"),
                StoredRuleSet.File(name: "a.yaml", text: ""),
            ]
            let ruleSet = StoredRuleSet(revision: revision, files: files, savedAt: Scenario.start)
            try await scenario.store.saveRuleSet(ruleSet)
            try await scenario.store.saveRuleSet(StoredRuleSet(revision: revision, files: [], savedAt: Scenario.at(9)))
            #expect(try await scenario.store.ruleSet(revision) == ruleSet)
            #expect(try await scenario.store.ruleSet(RuleSetRevision(rawValue: "other")) == nil)
        },
        StoreConformance("the audit is read oldest first, from the newest back") { scenario in
            let (run, delivery) = (RunID(rawValue: 1), DeliveryID(rawValue: 2))
            try await scenario.store.audit(
                [Scenario.entry("1", run: run), Scenario.entry("2", delivery: delivery)], messages: [], now: Scenario.at(1))
            let full = AuditEntry(
                at: Scenario.at(3), kind: .command, reason: nil, delivery: delivery, run: run, rule: "r",
                server: ServerID(rawValue: 7),
                actor: "slack:U012", detail: "3")
            try await scenario.store.audit([full, Scenario.entry("4")], messages: [], now: Scenario.at(3))
            func read(_ run: RunID? = nil, _ delivery: DeliveryID? = nil, limit: Int = 10) async throws -> [String] {
                try await scenario.store.auditEntries(run: run, delivery: delivery, limit: limit).map(\.detail)
            }
            #expect(try await read() == ["1", "2", "3", "4"])
            #expect(try await read(limit: 2) == ["3", "4"])
            #expect(try await read(run) == ["1", "3"])
            #expect(try await read(nil, delivery) == ["2", "3"])
            #expect(try await read(run, delivery) == ["1", "2", "3"])
            #expect(try await scenario.store.auditEntries(run: run, delivery: nil, limit: 1) == [full])
            try await scenario.store.audit([], messages: [], now: Scenario.at(3))
            #expect(try await read().count == 4)
        },
        StoreConformance("dead letters are read newest first") { scenario in
            let delivery = try await scenario.deliver()
            let letters = [Reason.targetAmbiguous, .undecodable].map { reason in
                DeadLetter(
                    at: Scenario.start, reason: reason, event: EventReference(delivery: delivery, index: 4), run: nil, rule: nil,
                    detail: "d")
            }
            try await scenario.dispatch(delivery, deadLetters: letters)
            #expect(try await scenario.store.deadLetters(limit: 10) == letters.reversed())
            #expect(try await scenario.store.deadLetters(limit: 1) == [letters[1]])
        },
        StoreConformance("counts say what there is") { scenario in
            let empty = StoreCounts(
                deliveries: 0, undispatched: 0, openEpisodes: 0, runs: [:], deadLetters: 0, waitingMessages: 0)
            #expect(try await scenario.store.counts() == empty)
            #expect(try await scenario.store.nextDue() == nil)
            #expect(try await scenario.store.nextMessageDue() == nil)
            try await scenario.readyRun("a", lane: 1)
            try await scenario.makeRun("b")
            try await scenario.deliver()
            #expect(
                try await scenario.store.counts()
                    == StoreCounts(
                        deliveries: 3, undispatched: 1, openEpisodes: 2, runs: [.ready: 1, .pending: 1], deadLetters: 0,
                        waitingMessages: 0))
            try await scenario.store.checkWritable()
        },
        StoreConformance("what people are told of an entry goes to the outbox with it") { scenario in
            let message = NewMessage(destination: .channel("ops"), text: "the rules were refused")
            try await scenario.store.audit([Scenario.entry("1")], messages: [message], now: Scenario.at(5))
            #expect(try await scenario.store.claimMessages(now: Scenario.at(4), hiddenUntil: Scenario.at(9), limit: 5).isEmpty)
            let claimed = try await scenario.store.claimMessages(now: Scenario.at(5), hiddenUntil: Scenario.at(9), limit: 5)
            #expect(claimed.map(\.text) == ["the rules were refused"] && claimed.first?.createdAt == Scenario.at(5))
        },
        StoreConformance("a delivery's decision says when, by which rules, and which runs it began") { scenario in
            #expect(try await scenario.store.decision(on: DeliveryID(rawValue: 99)) == nil)
            let id = try await scenario.deliver()
            let waiting = try await scenario.store.decision(on: id)
            #expect(waiting?.decidedAt == nil && waiting?.revision == nil && waiting?.runs.isEmpty == true)
            let revision = RuleSetRevision(rawValue: "r7")
            try await scenario.store.commit(
                DispatchBatch(now: Scenario.at(3), revision: revision, deliveries: [DispatchedDelivery(id: id)]))
            let decided = try await scenario.store.decision(on: id)
            #expect(decided?.decidedAt == Scenario.at(3) && decided?.revision == revision)
        },
        StoreConformance("U+0000 in a text for people cuts nothing off") { scenario in
            try await scenario.store.audit([Scenario.entry("a\u{0}b")], messages: [], now: Scenario.at(1))
            let read = try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 1)
            #expect(read.first.map { Array($0.detail.utf8) } == Array("a\u{FFFD}b".utf8))
        },
    ]
}
