import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: the index beside evaluating every rule")
struct RulesIndexTests {
    /// More of everything, for the nightly run.
    private static let factor = RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1

    /// One generated rule set.
    private struct Sample {
        let texts: [[String]]
        let rules: [RuleConditions]
        let indexed: RuleMatcher
        let plain: RuleMatcher

        init(_ generator: inout RulesGenerator, size: Int, fault: RuleIndex.Fault) throws {
            texts = (0..<size).map { _ in generator.conditions() }
            rules = try texts.map { texts in
                RuleConditions(
                    source: Array("alertmanager".utf8), when: try texts.map { try CELExpression($0) }, vars: RulesGenerator.vars,
                    zones: .fixedOffsetsOnly)
            }
            var options = CompiledRules.Options()
            options.indexFault = fault
            indexed = RuleMatcher(CompiledRules(rules, options))
            options.usesIndex = false
            options.foldsConstants = false
            plain = RuleMatcher(CompiledRules(rules, options))
        }
    }

    /// What differs over so many pairs of a rule set and an event.
    private static func differences(pairs: Int, seed: UInt64, fault: RuleIndex.Fault = .none) throws -> [String] {
        var generator = RulesGenerator(seed: seed)
        var differences: [String] = []
        var done = 0
        while done < pairs {
            let size = generator.chance(2) ? generator.random.below(500) : generator.random.below(12)
            let sample = try Sample(&generator, size: size, fault: fault)
            for _ in 0..<50 {
                let document = RulesDocuments.document(of: generator.event())
                let found = try document.withUnsafeBytes { try sample.indexed.match($0, source: "alertmanager") }
                let wanted = try document.withUnsafeBytes { try sample.plain.match($0, source: "alertmanager") }
                for rule in Set(found).symmetricDifference(wanted) {
                    let event = String(decoding: document, as: UTF8.self)
                    differences.append("\(sample.texts[rule]) \(found.contains(rule) ? "matches" : "is not found") \(event)")
                }
                done += 1
            }
            if fault != .none, !differences.isEmpty { break }
        }
        return differences
    }

    @Test("the same rules match with the index and without, 20,000 pairs of a rule set and an event")
    func generated() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        print("index beside plain evaluation: seed \(seed)")
        for difference in try Self.differences(pairs: 20_000 * Self.factor, seed: seed).prefix(5) {
            Issue.record("\(difference)")
        }
    }

    @Test("a seeded fault of the index is found", arguments: [RuleIndex.Fault.cutsTexts, .losesLowerBounds])
    func seededFault(_ fault: RuleIndex.Fault) throws {
        #expect(try !Self.differences(pairs: 10_000, seed: 1, fault: fault).isEmpty)
    }

    @Test("the order of rules and their neighbours change nothing")
    func order() throws {
        var generator = RulesGenerator(seed: 7)
        for _ in 0..<20 {
            let sample = try Sample(&generator, size: 40, fault: .none)
            let reversed = RuleMatcher(CompiledRules(sample.rules.reversed()))
            let half = RuleMatcher(CompiledRules(Array(sample.rules.prefix(20))))
            for _ in 0..<20 {
                let document = RulesDocuments.document(of: generator.event())
                let all = try document.withUnsafeBytes { try sample.indexed.match($0, source: "alertmanager") }
                let turned = try document.withUnsafeBytes { try reversed.match($0, source: "alertmanager") }
                let few = try document.withUnsafeBytes { try half.match($0, source: "alertmanager") }
                #expect(turned.map { 39 - $0 }.sorted() == all)
                #expect(few == all.filter { $0 < 20 })
            }
        }
    }

    // MARK: - Rule sets and events

    private static func ruleSet(_ conditions: [[String]]) throws -> RuleSet {
        let load = load(conditions)
        return try #require(load.ruleSet, "\(load.diagnostics.rendered)")
    }

    private static func load(_ conditions: [[String]]) -> RuleSetLoad {
        var text = "version: 1\nrules:\n"
        for (index, when) in conditions.enumerated() {
            text += "  - name: r\(index)\n    trigger: alertmanager\n    when:\n"
            for condition in when { text += "      - '\(condition)'\n" }
            text += "    autonomy: observe\n    target: event.fingerprint\n    actions: [server.reboot]\n"
        }
        return RulesFixture.load(text)
    }

    @Test("match says of candidates what evaluate says of all rules, events as they are decoded")
    func matchAndEvaluate() throws {
        var generator = RulesGenerator(seed: 11)
        for _ in 0..<40 {
            var conditions: [[String]] = []
            while conditions.count < 12 {
                // The checker refuses what can never be true or has no such type.
                let next = generator.conditions().map {
                    $0.replacing("vars.limit", with: "50").replacing("vars.name", with: "\"x\"")
                }
                if Self.load([next]).ruleSet != nil { conditions.append(next) }
            }
            let set = try Self.ruleSet(conditions)
            for _ in 0..<50 {
                let event = generator.event()
                let evaluations = set.evaluate(event)
                let matches = set.match(event)
                let wanted = evaluations.filter { $0.verdict == .match }.map(\.rule.name)
                #expect(matches.filter { $0.verdict == .match }.map(\.rule.name) == wanted, "\(conditions)")
                for match in matches {
                    #expect(evaluations.contains { $0.rule === match.rule && $0.verdict == match.verdict }, "\(match.rule.when)")
                }
            }
        }
    }

    @Test("events of other sources and statuses, disabled rules: as evaluate says")
    func triggers() throws {
        let set = try Self.ruleSet([["event.labels.a == \"x\""], ["true"]])
        #expect(set.match(RulesFixture.alert(["a": "x"])).map(\.rule.name) == ["r0", "r1"])
        #expect(set.match(RulesFixture.alert(["a": "y"])).map(\.rule.name) == ["r1"])
        for status in [Event.Status.resolved, .command, .notice] {
            #expect(set.match(RulesFixture.alert(["a": "x"], status: status)).isEmpty)
        }
        #expect(set.match(RulesFixture.alert(["a": "x"], source: "grafana")).isEmpty)
    }

    @Test(
        "what a rule is found by",
        arguments: [
            (["event.labels.a == \"x\""], "event.labels.a"), (["event.labels.a in [\"x\", \"y\"]"], "event.labels.a"),
            (["event.labels.a == \"x\" || event.labels.a == \"y\""], "event.labels.a"),
            (["event.labels.a.startsWith(\"x\")"], "event.labels.a"), (["event.payload.n > 5"], "event.payload.n"),
            (["event.labels.a.matches(\"^web-[0-9]+$\")"], "event.labels.a"), (["has(event.labels.a)"], "event.labels.a"),
            (["event.labels.?a.orValue(\"x\") == \"y\""], "event.labels.a"), (["event.labels.?a.orValue(\"x\") == \"x\""], nil),
            (["event.labels.a != \"x\""], nil), (["event.labels.a.matches(\"^web|db\")"], nil), (["true"], nil),
            (["event.labels.a == \"x\" || event.labels.b == \"x\""], nil), (["event.payload.n == 9007199254740993"], nil),
            (["event.status == \"problem\"", "event.labels.a == \"x\" && event.labels.b == \"y\""], "event.status"),
        ] as [([String], String?)])
    func access(_ conditions: [String], _ path: String?) throws {
        let set = try Self.ruleSet([conditions])
        #expect(set.compiled.access.first??.path == path)
        #expect(set.unindexed.count == (path == nil ? 1 : 0))
    }

    @Test("the rarest value of the rule set is looked up: of a thousand rules on one alert, the host's one is evaluated")
    func rarest() throws {
        let set = try Self.ruleSet(
            (0..<100).map { ["event.labels.alertname == \"HostDown\"", "event.labels.instance == \"web-\($0)\""] })
        #expect(set.compiled.access.allSatisfy { $0?.path == "event.labels.instance" })
        #expect(set.match(RulesFixture.alert(["alertname": "HostDown", "instance": "web-42"])).map(\.rule.name) == ["r42"])
    }

    // MARK: - What is missing

    @Test("what is missing is counted by rule and path, also where the index looks")
    func missing() throws {
        let set = try Self.ruleSet([
            ["event.labels.a == \"x\""], ["event.labels.a == \"x\"", "event.payload.n > event.payload.m"],
            ["has(event.labels.b)"],
        ])
        for _ in 0..<3 { _ = set.match(RulesFixture.alert(["c": "x"])) }
        for _ in 0..<2 { _ = set.match(RulesFixture.alert(["a": "x"], payload: ["n": 1])) }
        #expect(
            set.missingCounts == [
                MissingCount(rule: "r0", path: "event.labels.a", count: 3),
                MissingCount(rule: "r1", path: "event.labels.a", count: 3),
                MissingCount(rule: "r1", path: "event.payload.m", count: 2),
            ])
    }

    @Test("a rule that says nothing but missing is told once after a hundred events, with names that are like the one it wants")
    func silent() throws {
        let set = try Self.ruleSet([
            ["event.labels.alertnam == \"x\""], ["event.labels.alertname == \"x\"", "event.labels.regio != \"y\""],
            ["event.labels.alertname == \"never\"", "event.labels.rare == \"x\""], ["event.labels.alertname == \"x\""],
        ])
        var told: [SilentRule] = []
        for index in 0..<250 {
            _ = set.match(RulesFixture.alert(["alertname": "x", "region": "fra"]))
            if index == 98 { #expect(set.takeSilentRules().isEmpty) }
            told += set.takeSilentRules()
        }
        #expect(
            told == [
                SilentRule(rule: "r0", path: "event.labels.alertnam", events: 100, nearKeys: ["alertname"]),
                SilentRule(rule: "r1", path: "event.labels.regio", events: 100, nearKeys: ["region"]),
            ])
    }

    // MARK: - Safety

    @Test("removing a label never makes a rule fire, unless a condition asks whether it is there")
    func removingALabel() throws {
        var generator = RulesGenerator(seed: UInt64.random(in: 0..<1_000_000))
        let asking = ["has(", ".?", ".exists", ".all", ".map(", ".filter(", " in event.", "size(", "event.labels)"]
        for _ in 0..<300 {
            let texts = generator.conditions().filter { text in !asking.contains { text.contains($0) } }
            guard !texts.isEmpty else { continue }
            let rules = [
                RuleConditions(
                    source: Array("alertmanager".utf8), when: try texts.map { try CELExpression($0) }, vars: RulesGenerator.vars,
                    zones: .fixedOffsetsOnly)
            ]
            let matcher = RuleMatcher(CompiledRules(rules))
            func fires(_ event: Event) throws -> Bool {
                try RulesDocuments.document(of: event).withUnsafeBytes { try !matcher.match($0, source: "alertmanager").isEmpty }
            }
            for _ in 0..<5 {
                let event = generator.event()
                guard try !fires(event) else { continue }
                for name in event.labels.keys {
                    var fewer = event
                    fewer.labels[name] = nil
                    #expect(try !fires(fewer), "\(texts) fires without \(name) of \(event.labels)")
                }
            }
        }
    }
}
