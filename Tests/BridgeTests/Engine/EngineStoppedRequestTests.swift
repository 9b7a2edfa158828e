import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// A request that is stopped between its intent and its leaving: where its run stands then, and that nothing of it is skipped.
@Suite("Engine: a request that is stopped before it leaves")
struct EngineStoppedRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let escalation: String
        /// What the requests before it are answered with.
        var answers = 0
        /// Whether its rung comes after one whose time has to be over.
        var isLater = true
        /// Where the run stands afterwards.
        let rung: Int
        let state: RunState
        /// What is sent once it is no longer stopped.
        let lines: [String]
        var testDescription: String { name }
    }

    private static let reboot = "- {timeout: 10m, actions: [server.reboot]}\n"
    private static let notify = "\n- {actions: [{action: notify, with: {channel: oncall, text: \"still down\"}}]}"

    private static func put(_ path: String) -> String { EngineLaterRequestTests.put(path) }

    static let cases = [
        Case(
            name: "the first of a later rung: back on the rung below",
            escalation: reboot + "- {timeout: 10m, actions: [\(put("a")), \(put("b"))]}" + notify, rung: 0, state: .verifying,
            lines: ["a", "b"]),
        Case(
            name: "the second of a later rung: on that rung",
            escalation: reboot + "- {timeout: 10m, actions: [\(put("a")), \(put("b"))]}" + notify, answers: 1, rung: 1,
            state: .verifying, lines: ["b"]),
        Case(
            name: "the last rung's, of a run that is decided: on that rung", escalation: reboot + "- {actions: [\(put("a"))]}",
            rung: 1, state: .verifying, lines: ["a"]),
        Case(
            name: "the first of a run: held as before",
            escalation: "- {timeout: 10m, actions: [\(put("a")), server.reboot]}" + notify, isLater: false, rung: 0, state: .held,
            lines: ["a"]),
        Case(
            name: "the only one of a run: held as before", escalation: "- {actions: [\(put("a"))]}", isLater: false, rung: 0,
            state: .held, lines: ["a"]),
    ]

    /// A run whose request was just stopped.
    private static func stopped(_ wanted: Case) async throws -> EngineFixture {
        let fixture = try EngineFixture(rules: EngineLaterRequestTests.rules(wanted.escalation))
        fixture.api.script(.reboot, .doNothing)
        let start = fixture.clock.now()
        if wanted.isLater {
            try await fixture.alert("firing", startedAgo: .zero)
            try await fixture.keepFiring(for: .seconds(590))
            fixture.clock.set(start + .seconds(600))
        } else {
            try await fixture.deliver("firing", startedAgo: .zero)
            _ = try await fixture.dispatcher.dispatchOnce()
        }
        let answered = Array(repeating: RequestReply.outcome(.status(200)), count: wanted.answers)
        try await fixture.play(answered + [.stopped("a hold")])
        #expect(fixture.transport.requests.isEmpty)
        return fixture
    }

    private static func addresses(_ wanted: Case) -> [String] { wanted.lines.map { "PUT https://lb.example.com/\($0)" } }

    @Test("stands where it is taken up again, sends everything once, and ends", arguments: cases)
    func standing(_ wanted: Case) async throws {
        let fixture = try await Self.stopped(wanted)
        let run = try await fixture.onlyRun()
        #expect(run.rung == wanted.rung && run.state == wanted.state && run.reason == .notSent)
        #expect(run.rungDeadline != nil || run.state == .held || run.progress.step > 0 || run.progress.ending != nil)
        try await fixture.advance(by: .seconds(2))
        #expect(fixture.transport.lines == Self.addresses(wanted))
        try await fixture.keepFiring(for: .seconds(1_500))
        #expect(fixture.transport.lines == Self.addresses(wanted))
        #expect(fixture.api.ledger.count { $0 == "reboot 12345" } <= 1)
        #expect(try await fixture.onlyRun().state.isFinal)
    }

    @Test("a pause that came between is met by the next look, and after it everything is sent once", arguments: cases)
    func paused(_ wanted: Case) async throws {
        let fixture = try await Self.stopped(wanted)
        try await fixture.pause()
        try await fixture.keepFiring(for: .seconds(900), every: .seconds(300))
        #expect(fixture.transport.requests.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.rung == wanted.rung && run.state == wanted.state && run.reason == .paused)
        try await fixture.resume()
        try await fixture.advance(by: .seconds(2))
        #expect(fixture.transport.lines == Self.addresses(wanted))
    }

    @Test("the rung below helped after all: nothing of the later one is sent")
    func helped() async throws {
        let fixture = try await Self.stopped(try #require(Self.cases.first))
        try await fixture.pause()
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(130))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective && run.detail.contains("server.reboot"))
        try await fixture.resume()
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test("the last rung's request that never left has begun nothing: a window that came between holds it")
    func windowBetween() async throws {
        let wanted = Self.cases[2]
        let fixture = try await Self.stopped(wanted)
        let windows = try EngineServerGuardTests.windows("[{schedule: '* * * * *', duration: 2h, reason: kernel}]")
        fixture.restart { $0.maintenance = windows }
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.onlyRun().reason == .maintenance)
        fixture.restart { $0.maintenance = [] }
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.transport.lines == Self.addresses(wanted))
    }

    @Test("a stopped drain: nothing was sent to the chosen server, so that one that is on hold since is not waited for")
    func drain() async throws {
        let fixture = try EngineFixture(rules: EngineScale.down, servers: EngineScale.fleet, limits: Limits(settle: .zero))
        try await fixture.own([EngineScale.server(3, "web-3"), EngineScale.server(1, "web-1")])
        try await fixture.deliver("firing", server: "web", alertname: "Idle")
        _ = try await fixture.dispatcher.dispatchOnce()
        try await fixture.play([.stopped("a hold")])
        let run = try await fixture.newestRun()
        #expect(run.state == .held && run.progress.scale == nil)
        try await fixture.pause(.server(ServerID(rawValue: 3)))
        try await fixture.advance(by: .seconds(2))
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/drain/web-1"] && fixture.api.ledger == ["delete 1"])
    }
}

extension EngineFixture {
    /// Does by hand what a worker does with the run that is due, until its requests had these answers.
    fileprivate func play(_ replies: [RequestReply]) async throws {
        var replies = replies
        while !replies.isEmpty {
            let now = clock.now()
            let claimed = try #require(
                try await store.claimRuns(ClaimRequest(now: now, leaseUntil: now + .seconds(30), limit: 1)).first)
            var machine = machine(claimed)
            var input: RunInput? = .woken
            while let given = input {
                switch machine.next(given, now: now) {
                case .commit(let step):
                    guard case .committed(let intent) = try await store.commit(step) else {
                        Issue.record("a step was not written")
                        return
                    }
                    input = step.releasesLease ? nil : RunInput.committed(intent: intent)
                case .readServer(let id): input = .server(.success(try await api.get(id)))
                case .readInventory:
                    let list = try await api.list(status: nil, location: nil)
                    input = .inventory(.success(InventorySnapshot(servers: list.servers, fetchedAt: now)))
                case .readOwned: input = .owned(try await store.createdServers())
                case .request: input = .reply(replies.isEmpty ? .lost : replies.removeFirst())
                case .readStep, .send, .probe, .pull:
                    Issue.record("the run does something else")
                    return
                }
            }
        }
    }
}
