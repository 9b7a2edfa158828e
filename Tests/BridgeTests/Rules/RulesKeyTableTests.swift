import JSON
import Model
import Testing

@testable import Rules

/// The tables of keys, the loader and the JSON Schema say the same.
@Suite("rules: the table of keys and the JSON Schema")
struct RulesKeyTableTests {
    private func watched(_ texts: [String]) -> (load: RuleSetLoad, keys: Set<String>) {
        let collector = DiagnosticCollector(watchesKeys: true)
        let surroundings = RuleSurroundings(
            sources: ["alertmanager", "slack"], kinds: [:], secrets: nil, floor: Limits(),
            zones: TimeZoneCatalog(data: { _ in nil }))
        let files = texts.enumerated().map { RuleSource(name: "f\($0).yaml", text: $1) }
        let load = RuleSet.load(files, revision: RuleSetRevision(rawValue: "r"), surroundings, collector)
        return (load, collector.readKeys ?? [])
    }

    @Test("a file with every key that this version runs loads as it stands")
    func everyKey() {
        let load = RulesFixture.load(
            RulesEveryKey.supported, sources: ["alertmanager", "slack"], secrets: ["TOKEN", "TICKETS"],
            floor: RulesEveryKey.floor)
        #expect(load.diagnostics.rendered == "")
        #expect(load.ruleSet?.rules.count == 15)
    }

    @Test("the loader reads every key of the tables and no other")
    func loaderReadsTheTables() {
        let (_, keys) = watched([RulesEveryKey.supported])
        let described = Set(RuleTables.all.flatMap { table in table.keys.map { "\(table.name).\($0.name)" } })
        #expect(keys.subtracting(described) == [], "read, and in no table")
        #expect(described.subtracting(keys) == [], "in a table, and never read")
    }

    @Test("every table stands in the list of all, once; every key has a sentence")
    func tables() {
        #expect(Set(RuleTables.all.map(\.name)).count == RuleTables.all.count)
        for table in RuleTables.all {
            #expect(Set(table.keyNames).count == table.keys.count)
            for key in table.keys { #expect(key.text.hasSuffix("."), "\(table.name).\(key.name)") }
            for key in table.elsewhere.keys { #expect(table.key(key) == nil, "\(table.name).\(key) is both known and unknown") }
        }
    }

    @Test("keys whose names are words of YAML 1.1 do not exist")
    func noYAMLWords() {
        for table in RuleTables.all {
            #expect(table.keyNames.filter { YAMLScalar.yaml11Bool($0) != nil } == [])
        }
    }

    // MARK: - Schema

    private func findings(_ text: String) throws -> [String] {
        let (node, problems) = YAMLDocument.parse(text: text, file: "f.yaml")
        #expect(problems.isEmpty)
        return RulesSchemaValidator(root: RuleFileSchema.json()).findings(RulesSchemaValidator.json(try #require(node)))
    }

    @Test("the schema is JSON, names its dialect, and all its references lead somewhere")
    func wellFormed() throws {
        let schema = RuleFileSchema.json()
        let text = schema.serialized(pretty: true)
        #expect(try JSONValue.parse(text) == schema)
        #expect(schema["$schema"]?.stringValue == "https://json-schema.org/draft/2020-12/schema")
        let references = RulesSchemaValidator.references(in: schema)
        #expect(references.count > 20)
        for reference in references {
            #expect(schema["$defs"]?[String(reference.dropFirst("#/$defs/".count))] != nil, "\(reference)")
        }
    }

    @Test("the shipped rule files are valid under the schema")
    func shipped() throws {
        let folder = RulesFiles.root + "/rules"
        let names = RulesFiles.names(in: folder).filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml") }
        #expect(!names.isEmpty)
        for name in names { #expect(try findings(try #require(RulesFiles.text("\(folder)/\(name)"))) == [], "\(name)") }
    }

    @Test("files with every key are valid under the schema", arguments: [RulesEveryKey.supported])
    func everyKeyIsValid(_ text: String) throws {
        #expect(try findings(text) == [])
    }

    @Test(
        "wrong files are invalid under the schema",
        arguments: [
            "wen: true", "enabled: yes", "for: 90", "for: 2x", "autonomy: atuo", "when: []", "limits: {cooldwn: 1h}",
            "probe: {tcp: 0}", "actions: []", "actions: [server.restart]", "actions: [{action: notify}]", "actions: [notify]",
            "actions: [{action: notify, with: {channel: ops, txt: a}}]", "actions: [{action: server.reboot, with: {a: 1}}]",
            "actions: [{action: http.request, with: {url: x, method: post}}]", "escalation: [{timeout: 10m}]",
            "approval: {required: 9}", "name: Host", "permissions: {users: []}", "trigger: {source: a, status: firing}",
        ])
    func wrong(_ line: String) throws {
        #expect(try findings(RulesFixture.alertRule()) == [])
        #expect(try findings(RulesFixture.alertRule(line)) != [])
    }
}

/// Rule files from anywhere: whatever they hold, they are read or refused.
@Suite("rules: mutated rule files")
struct RulesMutationTests {
    @Test("mutated files with every key are read or refused, and what is read keeps its effective form")
    func mutations() {
        let seed = Array(RulesEveryKey.supported.utf8)
        var random = RulesRandom(seed: 11)
        for _ in 0..<120 {
            var bytes = seed
            for _ in 0...random.below(2) {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(12)))
                case 1:
                    let marks = Array("&*!|>{}[]:,-#'\"%@`\n\t ?\u{0}$/.".utf8)
                    bytes[place] = marks[random.below(marks.count)]
                case 2: bytes.insert(contentsOf: Array("${{ secrets.TOKEN }}".utf8), at: place)
                default: bytes.insert(contentsOf: Array(bytes[place...].prefix(random.below(60))), at: place)
                }
            }
            let load = RulesFixture.load(String(decoding: bytes, as: UTF8.self))
            #expect((load.ruleSet == nil) == load.diagnostics.hasErrors)
            #expect(load.diagnostics.allSatisfy { $0.line >= 1 && $0.column >= 1 })
            guard let set = load.ruleSet else { continue }
            let again = RulesFixture.load(set.effectiveForm())
            #expect(again.ruleSet?.rules.map { RulesShape.of($0) } == set.rules.map { RulesShape.of($0) })
        }
    }
}
