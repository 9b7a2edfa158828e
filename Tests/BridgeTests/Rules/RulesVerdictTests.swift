import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: what a rule says about an event")
struct RulesVerdictTests {
    private func rules(_ when: String, _ lines: String...) throws -> RuleSet {
        var text = RulesFixture.alertRule("when:\n" + when.split(separator: "\n").map { "  - \($0)" }.joined(separator: "\n"))
        for line in lines { text += "    \(line)\n" }
        let load = RulesFixture.load(text)
        return try #require(load.ruleSet, "\(load.diagnostics.rendered)")
    }

    private static let labels = ["severity": "critical", "instance": "web-01", "empty": ""]

    @Test(
        "three values, items from top to bottom",
        arguments: [
            ("event.labels.severity == \"critical\"", .match, 1),
            ("event.labels.severity == \"info\"", .noMatch, 1),
            ("event.labels.env == \"prod\"", .missing("event.labels.env"), 1),
            ("event.labels.env != \"prod\"", .missing("event.labels.env"), 1),
            ("'!(event.labels.env == \"prod\")'", .missing("event.labels.env"), 1),
            ("event.labels.env == \"prod\"\nevent.labels.severity == \"info\"", .noMatch, 2),
            ("event.labels.severity == \"info\"\nevent.labels.env == \"prod\"", .noMatch, 1),
            ("event.labels.env == \"prod\"\nevent.labels.severity == \"critical\"", .missing("event.labels.env"), 2),
            ("event.labels.env == \"a\"\nevent.labels.region == \"b\"", .missing("event.labels.env"), 2),
            ("event.labels.env == \"a\"\nint(event.labels.severity) > 1", .error("the text is not a number that fits int"), 2),
            ("int(event.labels.severity) > 1\nevent.labels.severity == \"info\"", .noMatch, 2),
            ("event.labels.env == \"a\" || event.labels.severity == \"critical\"", .match, 1),
            ("has(event.labels.env)", .noMatch, 1), ("event.labels.?env.orValue(\"prod\") == \"prod\"", .match, 1),
            ("event.labels.empty == \"\"", .match, 1), ("event.ends_at > event.starts_at", .missing("event.ends_at"), 1),
            ("event.received_at - event.starts_at > duration(\"6m\")", .match, 1),
            ("event.payload.values.cpu > 90", .match, 1),
            ("event.payload.values.cpu > 90.5 && event.payload.items[1] == \"b\"", .match, 1),
            ("event.payload.items[7] == \"b\"", .missing("event.payload.items[7]"), 1),
            ("event.payload.nothing == null", .match, 1),
            ("event.payload.values == 3 || event.user.id == \"U\"", .missing("event.user"), 1),
            ("event.payload.values.cpu", .error("the condition is not true or false"), 1),
        ] as [(String, Verdict, Int)])
    func verdicts(_ when: String, _ verdict: Verdict, _ evaluated: Int) throws {
        let payload: JSONValue = ["values": ["cpu": 91], "items": ["a", "b"], "nothing": nil]
        let evaluation = try #require(try rules(when).evaluate(RulesFixture.alert(Self.labels, payload: payload)).first)
        #expect(evaluation.verdict == verdict)
        #expect(evaluation.conditions.count == evaluated)
    }

    @Test("only enabled rules, of the event's source, for problems only")
    func triggers() throws {
        let set = try rules("true")
        #expect(set.evaluate(RulesFixture.alert([:])).count == 1)
        for status in [Event.Status.resolved, .command, .notice] {
            #expect(set.evaluate(RulesFixture.alert([:], status: status)).isEmpty)
        }
        for source in ["grafana", "Alertmanager", "alertmanager ", "alertmana\u{261}er"] {
            #expect(set.evaluate(RulesFixture.alert([:], source: source)).isEmpty)
        }
        #expect(try rules("true", "enabled: false").evaluate(RulesFixture.alert([:])).isEmpty)
    }

    @Test("removing a label never makes a rule fire, unless the condition asks whether it is there")
    func removingALabel() throws {
        var random = RulesRandom(seed: 20_261_121)
        let names = ["a", "b", "c"]
        func operand() -> String {
            random.below(2) == 0 ? "event.labels.\(names[random.below(3)])" : "\"\(["x", "y", ""][random.below(3)])\""
        }
        func condition(_ depth: Int) -> String {
            switch depth == 0 ? random.below(4) : random.below(9) {
            case 0: return "\(operand()) == \(operand())"
            case 1: return "\(operand()) != \(operand())"
            case 2: return "\(operand()).startsWith(\(operand()))"
            case 3: return "\(operand()) in [\(operand()), \(operand())]"
            case 4: return "!(\(condition(depth - 1)))"
            case 5: return "(\(condition(depth - 1))) && (\(condition(depth - 1)))"
            case 6: return "(\(condition(depth - 1))) || (\(condition(depth - 1)))"
            case 7: return "(\(condition(depth - 1))) == (\(condition(depth - 1)))"
            default: return "(\(condition(depth - 1))) ? (\(condition(depth - 1))) : (\(condition(depth - 1)))"
            }
        }
        for _ in 0..<700 {
            let expression = try CELExpression(condition(3))
            var labels: [String: String] = [:]
            for name in names where random.below(4) > 0 { labels[name] = ["x", "y", ""][random.below(3)] }
            func fires(_ labels: [String: String]) -> Bool {
                var list = ConditionList(budget: 1_000_000, zones: .fixedOffsetsOnly)
                let variables = RuleVariables(event: EventValues(RulesFixture.alert(labels)), vars: .null)
                return list.judge([expression], variables).0 == .match
            }
            guard !fires(labels) else { continue }
            for name in labels.keys {
                var fewer = labels
                fewer[name] = nil
                #expect(!fires(fewer), "\(expression.text) fires without \(name) of \(labels)")
            }
        }
    }

    @Test("a rule that is too dear gives an error and does not stop the others; beyond the event's limit every rule does")
    func costs() throws {
        let dear = "event.labels.all(x, event.labels.all(y, event.labels.all(z, true)))"
        let rest = "trigger: alertmanager, autonomy: observe, target: event.fingerprint, actions: [server.reboot]"
        var text = "version: 1\nrules:\n"
        for index in 0..<14 {
            text +=
                "  - {name: dear-\(index), when: '\(dear)', \(rest)}\n"
        }
        text +=
            "  - {name: last, when: 'true', \(rest)}\n"
        let set = try #require(RulesFixture.load(text).ruleSet)
        var labels: [String: String] = [:]
        for index in 0..<64 { labels["label\(index)"] = "x" }
        let verdicts = set.evaluate(RulesFixture.alert(labels)).map(\.verdict)
        #expect(verdicts.prefix(10).allSatisfy { $0 == .error("the expression needs more than 100000 cost units") })
        #expect(verdicts.suffix(3).allSatisfy { $0 == .error("the event's rules need more than their cost units") })
        #expect(set.evaluate(RulesFixture.alert(["a": "b"])).map(\.verdict).allSatisfy { $0 == .match })
    }

    @Test("conditions on the server see the API's object, dates as instants, and the fleet")
    func serverConditions() throws {
        func verdict(_ condition: String, _ server: Server? = RulesFixture.server) throws -> Verdict {
            let set = try rules("true", "when_server: '\(condition)'")
            let context = EvaluationContext(event: RulesFixture.alert(Self.labels), server: server, fleet: [RulesFixture.server])
            return set.rules[0].evaluateServerConditions(context).verdict
        }
        #expect(try verdict("server.status == \"active\" && server.id == 12345") == .match)
        #expect(try verdict("server.plan.name == \"Basic\" && server.ip_address == null") == .match)
        #expect(try verdict("event.received_at - server.created_at > duration(\"24h\")") == .match)
        #expect(try verdict("fleet.exists(s, s.name == server.name) && fleet.size() == 1") == .match)
        #expect(try verdict("server.hostname == \"x\"") == .missing("server.hostname"))
        #expect(try verdict("server[\"brand_new\"] == 1") == .missing("server[\"brand_new\"]"))
        #expect(try verdict("server.status == \"active\"", nil) == .error("unknown name `server`"))
        var typed = RulesFixture.server
        typed.raw = .null
        #expect(try verdict("server.hostname == \"web-01.example.com\" && server.ip_address == \"192.0.2.7\"", typed) == .match)
        #expect(try verdict("server.updated_at > server.created_at", typed) == .missing("server.updated_at"))
        #expect(try verdict("server.created_at < event.received_at", typed) == .match)
        let bare = try rules("true")
        #expect(bare.rules[0].evaluateServerConditions(EvaluationContext(event: RulesFixture.alert([:]))).verdict == .match)
    }

    @Test(
        "the target is a text or a whole number",
        arguments: [
            ("event.labels.instance", "web-01"), ("event.payload.id", "12345"), ("\"db-\" + event.labels.instance", "db-web-01"),
            ("event.labels.nope", "missing"), ("event.labels.empty", "missing"), ("event.payload.list", "type"),
            ("event.payload.half", "type"),
        ])
    func targets(_ target: String, _ expected: String) throws {
        let load = RulesFixture.load(RulesFixture.alertRule("target: '\(target)'"))
        let rule = try #require(load.ruleSet?.rules.first, "\(load.diagnostics.rendered)")
        let payload: JSONValue = ["id": 12345, "list": ["web-01"], "half": 1.5]
        do throws(EvaluationFailure) {
            #expect(
                try rule.evaluateTarget(EvaluationContext(event: RulesFixture.alert(Self.labels, payload: payload))) == expected)
        } catch {
            #expect(error.kind.rawValue == expected)
        }
    }

    @Test("vars are plain values of their types")
    func vars() throws {
        let text = RulesFixture.alertRule(
            "when: event.labels.pool == vars.pool && vars.max == 3 && vars.on && vars.list[1] == \"b\" && vars.no == \"no\"")
        let file = text.replacing("rules:", with: "vars: {pool: web, max: 3, on: true, list: [a, b], no: no}\nrules:")
        let set = try #require(RulesFixture.load(file).ruleSet)
        #expect(set.evaluate(RulesFixture.alert(["pool": "web"])).map(\.verdict) == [.match])
    }
}
