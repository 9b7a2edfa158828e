import JSON
import Testing

@testable import Rules

@Suite("rules: the cost estimate")
struct RulesCostTests {
    private static let scope = ExpressionScope(
        names: [
            ("event", EventSchema.event(of: nil)), ("server", ServerSchema.server), ("fleet", .list(ServerSchema.server)),
        ])

    private func units(_ text: String) throws -> Double {
        CostEstimate.units(of: try CELExpression(text), scope: Self.scope)
    }

    @Test(
        "units that can be counted by hand",
        arguments: [
            ("true", 1), ("event.status", 2), ("event.labels.a", 3), ("event.labels.a == \"x\"", 7), ("1 + 2 * 3", 5),
            ("[1, 2]", 14), ("{\"a\": 1}", 34), ("true ? 1 : 1 + 1", 5), ("event.labels.all(k, true)", 80),
            ("fleet.all(s, true)", 1_202), ("event.payload.all(x, true)", 1_203), ("event.labels.a.matches(\"x\")", 83),
        ])
    func counted(_ text: String, _ expected: Double) throws {
        #expect(try units(text) == expected)
    }

    @Test(
        "cheap, dear and too dear",
        arguments: [
            ("event.labels.severity == \"critical\" && event.labels.job in [\"a\", \"b\"]", nil),
            ("fleet.exists(s, s.name == event.labels.instance)", nil),
            ("event.labels.all(k, event.labels.all(l, k == l || true))", .costly),
            ("fleet.exists(s, event.labels.exists(k, event.labels[k] == s.name))", .costly),
            ("fleet.all(a, fleet.all(b, a.name != b.name || a.id == b.id))", .tooCostly),
            ("fleet.all(a, fleet.all(b, fleet.all(c, true)))", .tooCostly),
        ] as [(String, DiagnosticCode?)])
    func judged(_ text: String, _ code: DiagnosticCode?) throws {
        let problem = CostEstimate.problem(of: try CELExpression(text), scope: Self.scope)
        #expect(problem?.code == code)
        #expect(problem?.severity == code.map { $0 == .costly ? .warning : .error })
    }

    @Test("both ends of each limit")
    func limits() throws {
        func code(_ count: Int) throws -> DiagnosticCode? {
            // One round of the outer loop costs 1 + 1,000 × (1 + 1) + 200 + 1 units or a little more.
            let inner = "fleet.all(b, \(Array(repeating: "true", count: count).joined(separator: " && ")))"
            return CostEstimate.problem(of: try CELExpression(inner), scope: Self.scope)?.code
        }
        #expect(try code(97) == nil)
        #expect(try code(99) == .costly)
    }

    @Test("a warning shows the number and does not refuse the file; a refusal does")
    func severity() throws {
        let dear = "event.payload.exists(k, event.labels.exists(l, event.labels[l] == k))"
        let load = RulesFixture.load(RulesFixture.alertRule("when: '\(dear)'"))
        #expect(load.ruleSet != nil)
        #expect(
            load.diagnostics.map(\.message) == ["this may cost 3,740,804 units for one event; it is stopped at 100,000"])
        let refused = RulesFixture.load(
            RulesFixture.alertRule("when_server: 'fleet.all(a, fleet.all(b, fleet.all(c, true)))'"))
        #expect(refused.ruleSet == nil)
        #expect(refused.diagnostics.map(\.code) == [.tooCostly])
        #expect(refused.diagnostics[0].message.hasSuffix("more than 10,000,000"))
    }

    /// The estimate is a bound: the largest event that it assumes never costs more.
    @Test(
        "the largest event costs no more",
        arguments: [
            "event.labels.l0 == event.labels.l1", "event.labels == event.annotations", "event.labels.all(k, k != \"\")",
            "event.labels.all(k, event.labels[k] + \"x\" != event.labels.l0 + \"y\")",
            "event.labels.l0.contains(event.labels.l1)",
            "event.labels.l0.matches(\"^(a|b)*c$\")", "event.labels.l0 + event.labels.l1 + event.labels.l2 == \"\"",
            "event.labels.map(k, event.labels[k] + \"!\").size() > 3", "event.payload.list.map(x, x + \"y\").size() == 0",
            "event.payload.list.filter(x, x.startsWith(\"v\")).size() > 0", "\"x\" in event.payload.list",
            "event.labels.l0.split(\"v\").join(\",\").size() > 3", "event.labels.l0.replace(\"v\", \"ww\").size() > 3",
            "event.labels.transformMap(k, v, v + k).size() > 0", "cel.bind(x, event.labels.l0 + \"a\", x + x + x).size() > 2",
            "event.labels.exists(k, event.labels.exists(l, event.labels[k] == event.labels[l] + \"z\"))",
            "[event.labels.l0, event.labels.l1].exists(x, x.endsWith(event.labels.l2))", "event.labels.l0.upperAscii() == \"x\"",
            "event.labels.?nope.orValue(event.labels.l0) == event.labels.l1", "string(event.received_at) == event.labels.l0",
            "event.labels.l0.indexOf(event.labels.l1) > 0", "\"%s %s\".format([event.labels.l0, event.labels.l1]) == \"\"",
        ])
    func bound(_ text: String) throws {
        let value = String(repeating: "v", count: 255)
        var labels: [String: String] = [:]
        for index in 0..<64 { labels["l\(index)"] = value + String(index % 10) }
        let items = (0..<1_000).map { JSONValue.string(value + String($0 % 10)) }
        let event = RulesFixture.alert(
            labels, annotations: labels, payload: .object(JSONObject([.init(name: "list", value: .array(items))])))
        var evaluator = CELEvaluator(
            variables: RuleVariables(event: EventValues(event), vars: .null), limit: 100_000_000)
        _ = try? evaluator.value(of: try CELExpression(text))
        let cost = Double(evaluator.cost)
        let estimate = try units(text)
        #expect(cost <= estimate)
        // A bound that is far off would warn for nothing.
        #expect(cost * 150 >= estimate)
    }
}
