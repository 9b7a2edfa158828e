import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Noise rule")
struct EngineMessagePolicyTests {
    @Test("every reason that a run ends with is told at once or counted in the digest, as this table says")
    func reasons() {
        let atOnce = Set(Reason.allCases.filter { MessagePolicy.timing(of: $0) == .atOnce })
        let expected: Set<Reason> = [
            // declined, by people or by VPS.org
            .approvalDenied, .approvalExpired, .changedSinceApproval, .refused,
            .ineffective, .budgetSpent, .unverified,
            // parked
            .outcomeUnknown,
            .storm, .blind, .unauthorized, .paymentRequired, .demoted,
        ]
        #expect(atOnce == expected)
    }

    @Test("every occasion is told at once or counted in the digest, as this table says")
    func occasions() {
        let digested = MessagePolicy.Occasion.allCases.filter { MessagePolicy.timing(of: $0) == .digest }
        #expect(Set(digested) == [.promoted, .paused])
        for occasion in MessagePolicy.Occasion.allCases {
            let messages = MessagePolicy.notices(occasion, "x", channels: ["a", "b"])
            #expect(messages.count == (digested.contains(occasion) ? 0 : 2))
        }
    }

    static let hostDown = EngineFixture.hostDown
    static let quiet = hostDown.replacing(
        "{action: notify, with: {channel: oncall, text: \"${{ server.name }} is still down\"}}", with: "server.reboot")

    /// The bridge's own messages go to those channels; servers are read once a minute, so that half an hour is cheap.
    private func calm(_ fixture: EngineFixture, _ channels: [String]) {
        fixture.restart { settings in
            settings.noticeChannels = channels
            settings.verifyInterval = .seconds(60)
        }
    }

    private func messages(_ fixture: EngineFixture) async throws -> [String] {
        try await fixture.store.claimMessages(now: fixture.clock.now(), hiddenUntil: fixture.clock.now(), limit: 100).map {
            message in
            guard case .channel(let channel) = message.destination else { return "answer: \(message.text)" }
            return "\(channel): \(message.text)"
        }
    }

    @Test("a run that helped says nothing, and one that did not says one thing, at its end")
    func oneMessage() async throws {
        let fixture = try EngineFixture(rules: Self.quiet)
        calm(fixture, ["ops", "boss"])
        try await fixture.rescueOnce()
        #expect(try await messages(fixture).isEmpty)

        let other = try EngineFixture(rules: Self.quiet)
        calm(other, ["ops", "boss"])
        try await other.alert("firing")
        #expect(try await messages(other).isEmpty, "nothing is said of what is begun")
        try await other.keepFiring(for: .seconds(3_000), every: .seconds(600))
        let run = try await other.onlyRun()
        #expect(run.state == .failed, "\(run)")
        let told = try await messages(other)
        #expect(told.map { String($0.prefix(4)) }.sorted() == ["boss", "ops:"], "\(told)")
        #expect(told.allSatisfy { $0.contains("did not help") && $0.contains("web-server-01 (12345)") })
    }

    @Test("the rule's own words always go out, and a channel that gets them gets nothing more of the run")
    func ownWords() async throws {
        let fixture = try EngineFixture()
        calm(fixture, ["oncall", "boss"])
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(1_800), every: .seconds(600))
        let told = try await messages(fixture).sorted()
        #expect(told.count == 2, "\(told)")
        #expect(told.first?.hasPrefix("boss: Run ") == true && told.last == "oncall: web-server-01 is still down", "\(told)")
    }

    @Test("whoever gave a command is answered, and nobody else is told how it ended")
    func command() async throws {
        let rules = """
            version: 1
            rules:
              - name: chat-reboot
                trigger: {source: slack, command: vps reboot, args: [{name: server, type: string, required: true}]}
                target: args.server
                autonomy: auto
                permissions: {users: [U012ABCDEF]}
                actions: [server.reboot]
            """
        let fixture = try EngineFixture(rules: rules)
        calm(fixture, ["ops"])
        fixture.api.setStatus(ServerID(rawValue: 12345), .stopped)
        try await fixture.command("reboot web-server-01")
        try await fixture.advance(by: .seconds(700))
        let told = try await messages(fixture)
        #expect(told.count == 1 && told.first?.hasPrefix("answer: ") == true, "\(told)")
    }

    @Test(
        "a 402 to a create is told once in each channel, with what resumes creates, and to whoever asked for it",
        arguments: [
            ("", ["boss", "ops:"]),
            ("{source: slack, command: vps grow}", ["answ", "boss", "ops:"]),
        ])
    func unpaid(command: String, channels: [String]) async throws {
        let asked = """
            trigger: \(command)
                permissions: {users: [U012ABCDEF]}
            """
        let alert = """
            trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                group_by: event.labels.server
            """
        let rules = command.isEmpty ? EngineScale.up : EngineScale.up.replacing(alert, with: asked)
        let fixture = try EngineFixture(rules: rules, servers: EngineScale.fleet)
        calm(fixture, ["ops", "boss"])
        fixture.api.script(
            .create, .fail(APIError(code: .paymentRequired, certainty: .notExecuted, status: 402, detail: "no credit")))
        if command.isEmpty {
            try await fixture.alert("firing", server: "web")
        } else {
            try await fixture.command("grow")
        }
        try await fixture.advance(by: .seconds(600))
        #expect(try await fixture.onlyRun().reason == .paymentRequired)
        let told = try await messages(fixture)
        #expect(told.map { String($0.prefix(4)) }.sorted() == channels, "\(told)")
        #expect(told.allSatisfy { $0.contains("402") && $0.contains("`vpsbridge resume --action server.create`") }, "\(told)")
    }

    @Test("a 402 after which the last rung's requests are still to be sent is told once, at the run's end")
    func unpaidBeforeRequests() async throws {
        let rules = """
            version: 1
            rules:
              - name: replace
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                group_by: event.labels.alertname
                autonomy: auto
                escalation:
                  - timeout: 10m
                    actions:
                      - {action: server.create, with: {name: "new-${{ slot }}", plan_id: 2, os_id: 5, location: us-west}}
                  - actions:
                      - {action: http.request, with: {url: "https://tickets.example.com/"}}
                      - {action: notify, with: {channel: ops, text: gave up}}
            """
        let fixture = try EngineFixture(rules: rules, servers: EngineScale.fleet)
        calm(fixture, ["ops", "boss"])
        fixture.api.script(
            .create, .fail(APIError(code: .paymentRequired, certainty: .notExecuted, status: 402, detail: "no credit")))
        try await fixture.alert("firing", server: "web")
        try await fixture.advance(by: .seconds(600))
        #expect(fixture.transport.lines == ["GET https://tickets.example.com/"])
        #expect(try await fixture.store.pauses(at: fixture.clock.now()).map(\.scope) == [.action("server.create")])
        let told = try await messages(fixture).sorted()
        #expect(told.count == 2 && told.last == "ops: gave up", "\(told)")
        #expect(told.first?.hasPrefix("boss: Run ") == true && told.first?.contains("resume --action server.create") == true)
    }

    @Test("a parked run is told at once, once")
    func parked() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        calm(fixture, ["ops"])
        fixture.api.script(.start, .doNothing)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(1_200), every: .seconds(600))
        let run = try await fixture.onlyRun()
        let told = try await messages(fixture).filter { $0.hasPrefix("ops") }
        #expect(run.state == .parked, "\(run)")
        #expect(told.count == 1 && told[0].contains("runs resolve \(run.id)"), "\(told)")
    }
}
