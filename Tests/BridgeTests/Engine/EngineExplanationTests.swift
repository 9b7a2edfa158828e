import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing
import Webhooks

@testable import Engine

/// Why a stored delivery went as it did: recomputed by the rules of its time.
@Suite("Explain")
struct EngineExplanationTests {
    private static let alertmanager = [
        "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none)
    ]

    private static func explainer(
        _ store: SQLiteStore, sources: [String: WebhookSource] = alertmanager, present: DeliveryExplainer.Rules? = nil
    ) -> DeliveryExplainer {
        DeliveryExplainer(
            queries: store, sources: sources, load: { RuleBook.load($0, kinds: [:], zoneData: { _ in nil }) }, present: present)
    }

    /// A fixture whose rules are in the store, as the bridge puts them there at its start.
    private static func fixture() async throws -> EngineFixture {
        let fixture = try EngineFixture()
        try await fixture.store.saveRuleSet(
            StoredRuleSet(
                revision: RuleSetRevision(rawValue: "test"), files: [.init(name: "test.yaml", text: EngineFixture.hostDown)],
                savedAt: fixture.clock.now()))
        return fixture
    }

    private static func rules(_ text: String, name: String = "the rules of new/") throws -> DeliveryExplainer.Rules {
        DeliveryExplainer.Rules(ruleSet: try EngineExplainFixture.ruleSet(text, revision: "new"), name: name)
    }

    @Test("a run's event shows its conditions, its requests and every reason")
    func run() async throws {
        let fixture = try await Self.fixture()
        try await fixture.rescueOnce()
        let run = try await fixture.newestRun()
        let explanation = try await Self.explainer(fixture.store).explain(run.id, other: nil)
        #expect(explanation.rules == "revision test" && explanation.decision.revision?.rawValue == "test")
        #expect(explanation.events.map(\.matched) == [["host-down"]])
        let history = try #require(explanation.runs.first)
        #expect(history.intents.map(\.operation) == [.reboot])
        let text = explanation.lines.joined(separator: "\n")
        for line in [
            "event.labels.alertname is \"HostDown\"", "run \(run.id) of rule host-down: succeeded, effective",
            "rung 1: POST /api/v1/servers/12345/reboot/: applied", "decision matched by alertmanager rule host-down",
        ] { #expect(text.contains(line), "\(line)\n\(text)") }
    }

    @Test("an event that matched nothing is explained by the rules of its time, also when they have changed since")
    func matchedNothing() async throws {
        let fixture = try await Self.fixture()
        try await fixture.alert("firing", alertname: "DiskFull")
        let explainer = Self.explainer(
            fixture.store, present: try Self.rules(EngineFixture.hostDown.replacing("HostDown", with: "DiskFull")))
        let explanation = try await explainer.explain(DeliveryID(rawValue: 1), event: nil, other: nil)
        #expect(explanation.rules == "revision test" && explanation.runs.isEmpty)
        let rule = try #require(explanation.events.first?.rules.first)
        #expect(rule.outcome == .noMatch)
        #expect(
            rule.conditions.first?.observations == [
                Observation(expression: "event.labels.alertname", outcome: .value("DiskFull"))
            ])
        #expect(explanation.audit.map(\.reason) == [.noRuleMatched])
        #expect(explanation.lines.contains("it began no run"))
    }

    @Test("other rules: what they make different, what is new and what is gone")
    func differences() async throws {
        let fixture = try await Self.fixture()
        try await fixture.alert("firing")
        let changed = """
            version: 1
            rules:
              - {name: host-down, trigger: alertmanager, when: event.labels.alertname == "Other", autonomy: observe, target: '"x"', actions: [server.reboot]}
              - {name: new, trigger: alertmanager, when: "true", autonomy: observe, target: '"x"', actions: [server.reboot]}
            """
        let explainer = Self.explainer(fixture.store)
        let explanation = try await explainer.explain(DeliveryID(rawValue: 1), event: 0, other: Self.rules(changed))
        #expect(
            explanation.differences.map { "\($0.rule) \($0.before?.rawValue ?? "-") \($0.after?.rawValue ?? "-")" }
                == ["host-down match no_match", "new - match"])
        #expect(explanation.lines.contains("  event 0, rule host-down: match → no match"))
        let same = try await explainer.explain(DeliveryID(rawValue: 1), event: 0, other: Self.rules(EngineFixture.hostDown))
        #expect(same.differences.isEmpty && same.lines.contains("by the rules of new/: the same"))
        let gone = try await explainer.explain(
            DeliveryID(rawValue: 1), event: 0, other: Self.rules("version: 1\nrules: []"))
        #expect(gone.differences.map(\.after) == [nil])
    }

    @Test("what can not be judged again says why, and shows what was written down")
    func notJudged() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        let id = DeliveryID(rawValue: 1)
        let unstored = try await Self.explainer(fixture.store).explain(id, event: nil, other: nil)
        #expect(unstored.problem?.contains("rules of its time") == true && unstored.runs.count == 1)
        let present = try Self.rules(EngineFixture.hostDown, name: "the rules of rules/")
        let instead = try await Self.explainer(fixture.store, present: present).explain(id, event: nil, other: nil)
        #expect(instead.rules == "the rules of rules/, since those of its time (test) are not usable")
        let sourceless = try await Self.explainer(fixture.store, sources: [:]).explain(id, event: nil, other: nil)
        #expect(sourceless.problem == "source alertmanager is not configured any more")
        #expect(sourceless.audit.count == 1)
    }

    @Test("what there is not is said", arguments: ["delivery", "event", "run"])
    func absent(what: String) async throws {
        let fixture = try await Self.fixture()
        try await fixture.alert("firing")
        let explainer = Self.explainer(fixture.store)
        let error = await #expect(throws: DeliveryExplainer.Problem.self) {
            switch what {
            case "delivery": _ = try await explainer.explain(DeliveryID(rawValue: 99), event: nil, other: nil)
            case "event": _ = try await explainer.explain(DeliveryID(rawValue: 1), event: 5, other: nil)
            default: _ = try await explainer.explain(RunID(rawValue: 99), other: nil)
            }
        }
        #expect(error?.description.hasPrefix(what == "event" ? "delivery 1 has no event 5" : "there is no \(what) 99") == true)
    }

    @Test("a delivery that waits is judged by the rules in the folder")
    func waiting() async throws {
        let fixture = try await Self.fixture()
        try await fixture.deliver("firing")
        let present = try Self.rules(EngineFixture.hostDown, name: "the rules of rules/")
        let explanation = try await Self.explainer(fixture.store, present: present)
            .explain(DeliveryID(rawValue: 1), event: nil, other: nil)
        #expect(explanation.decision.decidedAt == nil && explanation.events.first?.matched == ["host-down"])
        #expect(explanation.lines.first?.hasSuffix("not decided on yet") == true)
    }
}
