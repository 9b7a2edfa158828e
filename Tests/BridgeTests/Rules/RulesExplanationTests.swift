import JSON
import Model
import Testing

@testable import Rules

/// What `explain` and `try` are told: every rule, every condition, and what each looked at.
@Suite("Rules: explanations")
struct RulesExplanationTests {
    private static let event = RulesFixture.alert(
        ["severity": "critical", "alertname": "HostDown"], payload: ["load": 3, "items": [["n": 1], ["n": 7]]])

    private static func explain(_ rules: String, _ event: Event = event) throws -> [RuleExplanation] {
        let load = RulesFixture.load(rules)
        return try #require(load.ruleSet, "\(load.diagnostics)").explain(event)
    }

    @Test("conditions after the first false one are judged too, and the verdict stays the dispatcher's")
    func noShortCircuit() throws {
        let explanations = try Self.explain(
            RulesFixture.alertRule(
                """
                when:
                  - event.labels.env == "prod"
                  - event.labels.severity == "warning"
                  - event.labels.alertname == "HostDown"
                """))
        let rule = try #require(explanations.first)
        #expect(rule.verdict == .noMatch && rule.bystander == nil)
        #expect(rule.conditions.map(\.verdict) == [.missing("event.labels.env"), .noMatch, .match])
    }

    @Test(
        "what a condition looked at",
        arguments: [
            ("event.labels.severity == \"critical\"", ["event.labels.severity = \"critical\""]),
            ("event.labels.env == \"prod\"", ["event.labels.env missing"]),
            ("!has(event.labels.env)", ["event.labels.env missing"]),
            ("has(event.labels.severity)", ["event.labels.severity = \"critical\""]),
            (
                "event.labels.?env.orValue(\"x\") == \"x\"",
                ["event.labels.?env.orValue(\"x\") = \"x\"", "event.labels.env missing"]
            ),
            (
                "size(event.labels) > 1",
                ["size(event.labels) = 2", "event.labels = {\"alertname\":\"HostDown\",\"severity\":\"critical\"}"]
            ),
            ("event.payload.load * 2 > 5", ["event.payload.load * 2 = 6", "event.payload.load = 3"]),
            ("event.payload.items.exists(i, i.n > 5)", ["event.payload.items = [{\"n\":1},{\"n\":7}]"]),
            ("event.payload.items[0].n == 1", ["event.payload.items[0].n = 1"]),
            ("event.payload.load / 0 == 1", ["event.payload.load / 0 error", "event.payload.load = 3"]),
            ("true", []),
        ])
    func observations(expression: String, expected: [String]) throws {
        let quoted = "when: '\(expression.replacing("'", with: "''"))'"
        let conditions = try #require(try Self.explain(RulesFixture.alertRule(quoted)).first).conditions
        let shown = conditions.flatMap(\.observations).map { observation in
            switch observation.outcome {
            case .value(let value): "\(observation.expression) = \(value.description)"
            case .missing: "\(observation.expression) missing"
            case .error: "\(observation.expression) error"
            }
        }
        #expect(shown == expected)
    }

    @Test("a value that is too long to show is cut, and a wide expression shows a bounded number of parts")
    func bounded() throws {
        let long = RulesFixture.alert(["severity": String(repeating: "x", count: 50_000)])
        let cut = try #require(try Self.explain(RulesFixture.alertRule(), long).first?.conditions.first?.observations.first)
        guard case .value(.string(let text)) = cut.outcome else {
            Issue.record("no text")
            return
        }
        #expect(text.utf8.count < ExpressionObserver.maxValueBytes + 10)
        let wide = (0..<200).map { "event.labels.l\($0) == \"x\"" }.joined(separator: " || ")
        let observations = try #require(try Self.explain(RulesFixture.alertRule("when: '\(wide)'")).first?.conditions.first)
            .observations
        #expect(observations.count == ExpressionObserver.limit)
    }

    @Test("rules that do not count say why: switched off, another source, another status")
    func bystanders() throws {
        let rules = """
            version: 1
            rules:
              - {name: off, enabled: false, trigger: alertmanager, when: "true", autonomy: observe, target: '"x"', actions: [server.reboot]}
              - {name: other, trigger: scripts, when: "true", autonomy: observe, target: '"x"', actions: [server.reboot]}
              - {name: on, trigger: alertmanager, when: "true", autonomy: observe, target: '"x"', actions: [server.reboot]}
            """
        let problem = try Self.explain(rules)
        #expect(problem.map(\.bystander) == [.disabled, .otherSource, nil])
        #expect(problem.map(\.conditions.count) == [1, 0, 1])
        let resolved = try Self.explain(rules, RulesFixture.alert(["severity": "critical"], status: .resolved))
        #expect(resolved.map(\.bystander) == [.disabled, .otherSource, .otherStatus])
        #expect(resolved[2].verdict == .match)
    }
}
