import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI
import Webhooks

@Suite("Engine: dead letters, stored events and parked runs in people's hands")
struct EngineRecordDeskTests {
    private static let sources = [
        "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none),
        "slack": WebhookSource(name: "slack", kind: .slack, authentication: .none),
    ]

    private static func desk(
        _ fixture: EngineFixture, rules: RuleSet? = nil, sources: [String: WebhookSource] = sources
    ) -> RecordDesk {
        RecordDesk(
            store: fixture.store, queries: fixture.store,
            rules: RuleBook(current: rules ?? fixture.ruleSet, queries: fixture.store), sources: sources)
    }

    private static func letter(_ fixture: EngineFixture) async throws -> KeptLetter {
        try #require(try await fixture.store.keptLetters(onlyOpen: true, limit: 1).first)
    }

    private static func lastEntry(_ fixture: EngineFixture) async throws -> AuditEntry {
        try #require(try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 1).last)
    }

    // MARK: Retry

    @Test("a target that was not found is looked for again: the new run reboots the server, and the letter is settled")
    func retriesTarget() async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        #expect(letter.letter.reason == .targetNotFound && fixture.api.ledger.isEmpty)
        fixture.api.add(EngineFixture.web)
        // Within the same instant the list that was read is as fresh as a new one.
        fixture.clock.advance(by: .seconds(1))
        let answer = try await Self.desk(fixture).retry(letter.id, by: "operator", now: fixture.clock.now())
        #expect(answer.isDone && answer.runs.count == 1)
        let entry = try await Self.lastEntry(fixture)
        #expect(entry.reason == .retried && entry.actor == "operator" && entry.run == answer.runs.first)
        // The list of servers is a minute old at most.
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.store.keptLetter(letter.id)?.settlement == "retried")
        let again = try await Self.desk(fixture).retry(letter.id, by: "operator", now: fixture.clock.now())
        #expect(!again.isDone && again.text.contains("no open dead letter"))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test(
        "what a pause covers is not retried: refused at once with who paused it, and the letter stays open until it is lifted",
        arguments: [
            (PauseScope.all, true), (.rule("host-down"), true), (.source("alertmanager"), true), (.action("server.reboot"), true),
            (.rule("other"), false), (.action("server.create"), false),
        ])
    func paused(scope: PauseScope, covers: Bool) async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        fixture.api.add(EngineFixture.web)
        fixture.clock.advance(by: .seconds(1))
        try await fixture.pause(scope)
        let desk = Self.desk(fixture)
        let first = try await desk.retry(letter.id, by: "operator", now: fixture.clock.now())
        #expect(first.isDone == !covers && first.isPaused == covers, "\(first)")
        guard covers else { return }
        #expect(first.text.contains("is paused until it is resumed by operator") && first.runs.isEmpty, "\(first)")
        #expect(try await fixture.store.keptLetter(letter.id)?.settledAt == nil)
        try await fixture.resume(scope)
        let second = try await desk.retry(letter.id, by: "operator", now: fixture.clock.now())
        #expect(second.isDone && !second.isPaused && second.runs.count == 1, "\(second)")
    }

    @Test("a retried run stands under the guards as any run does: evidence, cooldown, the end of the problem")
    func obeysGuards() async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        fixture.api.add(EngineFixture.web)
        try await fixture.advance(by: .seconds(3_600))
        _ = try await Self.desk(fixture).retry(letter.id, by: "operator", now: fixture.clock.now())
        try await fixture.settle()
        let run = try await fixture.newestRun()
        #expect(run.state == .held && run.reason == .staleEvidence && fixture.api.ledger.isEmpty)
        try await fixture.alert("resolved")
        #expect(try await fixture.newestRun().state == .cancelled)
        let later = try await Self.desk(fixture).replay(
            run.event.delivery, event: nil, rule: nil, by: "operator", now: fixture.clock.now())
        try await fixture.settle()
        #expect(later.isDone && fixture.api.ledger.isEmpty)
        #expect(try await fixture.newestRun().reason == .resolved)
    }

    @Test("what could not be decoded is decoded again, once its source is back")
    func retriesUndecodable() async throws {
        let fixture = try EngineFixture()
        fixture.removeSources()
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        #expect(letter.letter.reason == .undecodable)
        let refused = try await Self.desk(fixture, sources: [:]).retry(letter.id, by: "operator", now: fixture.clock.now())
        #expect(!refused.isDone && refused.text.contains("still can not be decoded"))
        #expect(try await Self.lastEntry(fixture).reason == .refused)
        #expect(try await Self.letter(fixture).id == letter.id)
        fixture.restart { _ in }
        let answer = try await Self.desk(fixture).retry(letter.id, by: "operator", now: fixture.clock.now())
        #expect(answer.isDone)
        try await fixture.settle()
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("the rules of now decide: a rule that is gone or does not match any more begins nothing, and the letter stays")
    func presentRules() async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        for text in [
            EngineFixture.hostDown.replacing("name: host-down", with: "name: other"),
            EngineFixture.hostDown.replacing("HostDown", with: "DiskFull"),
        ] {
            let load = RuleSet.load(
                [RuleSource(name: "a", text: text)], revision: RuleSetRevision(rawValue: "now"), sources: nil, floor: .none)
            let rules = try #require(load.ruleSet)
            let answer = try await Self.desk(fixture, rules: rules).retry(letter.id, by: "operator", now: fixture.clock.now())
            #expect(!answer.isDone && answer.text.contains("rule host-down does not match now"), "\(answer.text)")
        }
        #expect(try await fixture.store.runs(limit: 9).count == 1)
        #expect(try await Self.letter(fixture).id == letter.id)
    }

    @Test("two that retry at once begin one run")
    func retriesOnce() async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        let desk = Self.desk(fixture)
        let now = fixture.clock.now()
        async let one = desk.retry(letter.id, by: "operator", now: now)
        async let two = desk.retry(letter.id, by: "operator", now: now)
        let done = try await [one.isDone, two.isDone]
        #expect(done.count { $0 } == 1)
        #expect(try await fixture.store.runs(limit: 9).count == 2)
    }

    @Test("discarding settles a letter, says by whom and why, and does nothing else")
    func discards() async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        let letter = try await Self.letter(fixture)
        let answer = try await Self.desk(fixture).discard(
            letter.id, reason: "decommissioned", by: "operator", now: fixture.clock.now())
        #expect(answer.isDone)
        let entry = try await Self.lastEntry(fixture)
        #expect(entry.reason == .discarded && entry.detail.hasSuffix("is discarded: decommissioned"))
        let again = RecordAct(now: fixture.clock.now(), settles: (letter.id, .discarded))
        #expect(await storeFails(.conflict) { _ = try await fixture.store.commit(again) }, "a letter is settled once")
        #expect(try await fixture.store.keptLetters(onlyOpen: true, limit: 9).isEmpty)
        #expect(try await fixture.store.runs(limit: 9).count == 1)
    }

    // MARK: Replay

    @Test("a stored delivery decided again makes a new run under the guards; not while one is at work on it")
    func replays() async throws {
        let fixture = try EngineFixture()
        fixture.restart { $0.verifyInterval = .seconds(60) }
        try await fixture.alert("firing")
        let first = try await fixture.onlyRun()
        let desk = Self.desk(fixture)
        let busy = try await desk.replay(first.event.delivery, event: nil, rule: nil, by: "operator", now: fixture.clock.now())
        #expect(!busy.isDone && busy.text == "run 1 of rule host-down is at work on it")
        try await fixture.keepFiring(for: .seconds(1_500))
        #expect(try await fixture.onlyRun().state.isFinal)
        let sent = fixture.api.ledger
        let answer = try await desk.replay(
            first.event.delivery, event: 0, rule: "host-down", by: "operator", now: fixture.clock.now())
        #expect(answer.isDone && answer.runs.count == 1)
        try await fixture.settle()
        let run = try await fixture.newestRun()
        #expect(run.state == .held && run.reason == .cooldown && fixture.api.ledger == sent)
        // A repeat of the alert begins no third one.
        try await fixture.alert("firing")
        #expect(try await fixture.store.runs(limit: 9).count == 2)
        let missing = try await desk.replay(first.event.delivery, event: 7, rule: nil, by: "operator", now: fixture.clock.now())
        #expect(!missing.isDone)
        let gone = try await desk.replay(
            DeliveryID(rawValue: 99), event: nil, rule: nil, by: "operator", now: fixture.clock.now())
        #expect(!gone.isDone)
        #expect(try await Self.lastEntry(fixture).detail.contains("there is no delivery 99"))
    }

    @Test("an end is not told again, and an answer to a question is given once")
    func replaysNothing() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        try await fixture.alert("resolved")
        try await fixture.alert("firing", startedAgo: .zero)
        let open = try await fixture.store.counts().openEpisodes
        let desk = Self.desk(fixture)
        let answer = try await desk.replay(
            DeliveryID(rawValue: 2), event: nil, rule: nil, by: "operator", now: fixture.clock.now())
        #expect(!answer.isDone && answer.text.contains("not told again"))
        #expect(try await fixture.store.counts().openEpisodes == open)
        try await fixture.command("approve abcdef")
        let vote = try await desk.replay(DeliveryID(rawValue: 4), event: nil, rule: nil, by: "operator", now: fixture.clock.now())
        #expect(!vote.isDone && vote.text.contains("given once"))
    }

    // MARK: Parked

    @Test(
        "a parked run leaves by what a person found out alone: its letter is neither retried nor discarded",
        arguments: [true, false])
    func resolves(happened: Bool) async throws {
        let fixture = try EngineFixture()
        fixture.api.script(.reboot, .fail(APIError(code: .outcomeUnknown, certainty: .unknown, detail: "cut")))
        try await fixture.alert("firing")
        fixture.removeSources()
        try await fixture.advance(by: .seconds(60))
        let run = try await fixture.onlyRun()
        try #require(run.state == .parked)
        let letter = try await Self.letter(fixture)
        let desk = Self.desk(fixture)
        let now = fixture.clock.now()
        let retried = try await desk.retry(letter.id, by: "operator", now: now)
        #expect(!retried.isDone && retried.text.contains("runs resolve 1 happened"))
        #expect(try await !desk.discard(letter.id, reason: nil, by: "operator", now: now).isDone)
        #expect(try await fixture.onlyRun().state == .parked)
        let answer = try await desk.resolve(run.id, happened: happened, by: "operator", now: now)
        #expect(answer.isDone)
        let ended = try await fixture.onlyRun()
        #expect(ended.state == (happened ? .succeeded : .failed))
        #expect(try await fixture.store.intents(of: run.id).map(\.outcome) == [happened ? .applied : .notExecuted])
        #expect(try await fixture.store.keptLetter(letter.id)?.settlement == "settled_by_person")
        let entry = try await Self.lastEntry(fixture)
        #expect(entry.reason == .settledByPerson && entry.actor == "operator" && entry.run == run.id)
        let again = try await desk.resolve(run.id, happened: happened, by: "operator", now: now)
        #expect(!again.isDone && again.text.contains("not parked"))
        #expect(try await Self.lastEntry(fixture).reason == .refused)
    }
}
