import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: compiled expressions beside the tree evaluator")
struct RulesProgramTests {
    private static let folder =
        RulesFiles.environment("VPSBRIDGE_CEL_CONFORMANCE") ?? RulesFiles.root + "/../shared/cel-conformance"
    private static let files = RulesFiles.names(in: folder).filter { $0.hasSuffix(".json") }

    /// More of everything, for the nightly run.
    private static let factor = RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1

    @Test("every expression of the conformance tests", .enabled(if: !files.isEmpty, "there are none at \(folder)"))
    func conformance() throws {
        var count = 0
        for file in Self.files {
            let document = try JSONValue.parse(try #require(RulesFiles.bytes("\(Self.folder)/\(file)")))
            for test in document["tests"]?.arrayValue ?? [] {
                guard let text = test["expr"]?.stringValue, let expression = try? CELExpression(text) else { continue }
                var variables = CELVariableTable()
                for member in test["bindings"]?.objectValue?.members ?? [] {
                    variables.values[member.name] = Self.binding(member.value)
                }
                let container = test["container"]?.stringValue ?? ""
                let wanted = RulesProgramRunner.tree(expression, variables, container: container)
                for folds in [true, false] {
                    var options = ProgramOptions()
                    options.foldsConstants = folds
                    let found = RulesProgramRunner.compiled(expression, variables, options, container: container)
                    #expect(found == wanted, "\(text), folding \(folds)")
                }
                count += 1
            }
        }
        print("compiled beside the tree: \(count) conformance expressions, folded and not")
    }

    /// The binding as some value: which one does not matter here, both sides see it.
    private static func binding(_ json: JSONValue) -> CELValue {
        let text = json["value"]?.stringValue ?? ""
        switch json["type"]?.stringValue {
        case "bool": return .bool(json["value"] == .bool(true))
        case "int": return .int(Int64(text) ?? 0)
        case "uint": return .uint(UInt64(text) ?? 0)
        case "double": return .double(Double(text) ?? 0)
        case "string": return .string(text)
        case "list": return .list((json["value"]?.arrayValue ?? []).map(binding))
        case "map":
            let entries = (json["value"]?.arrayValue ?? []).map { entry in
                (key: binding(entry["key"] ?? .null), value: binding(entry["value"] ?? .null))
            }
            return CELMap(entries).map(CELValue.map) ?? .null
        default: return .null
        }
    }

    // MARK: - Generated expressions

    private static func options(_ folds: Bool, _ fault: ProgramOptions.Fault = .none) -> ProgramOptions {
        var options = ProgramOptions()
        options.foldsConstants = folds
        options.constants = ["vars": RulesGenerator.vars]
        options.fault = fault
        return options
    }

    /// The expressions for which the compiled form does not say what the tree says, over events and over documents.
    private static func differences(
        _ count: Int, seed: UInt64, fault: ProgramOptions.Fault = .none, stopAtFirst: Bool = false
    ) throws -> [String] {
        var generator = RulesGenerator(seed: seed)
        var differences: [String] = []
        for index in 0..<count {
            let text = generator.chance(70) ? generator.condition(depth: 3) : generator.expression()
            let expression = try CELExpression(text)
            let event = generator.event()
            let folds = index % 2 == 0
            let wanted = RulesProgramRunner.tree(
                expression, RuleVariables(event: EventValues(event), vars: RulesGenerator.vars))
            let found = RulesProgramRunner.compiled(expression, event, options(folds, fault))
            if found != wanted { differences.append("\(text): \(found), the tree \(wanted)") }
            let document = RulesDocuments.document(of: event)
            let variables = RulesDocuments.Variables(try JSONValue.parse(document), vars: RulesGenerator.vars)
            let other = try RulesProgramRunner.compiled(expression, document: document, options(folds, fault))
            let otherWanted = RulesProgramRunner.tree(expression, variables)
            if other != otherWanted { differences.append("\(text): \(other), the tree \(otherWanted), over a document") }
            if stopAtFirst, !differences.isEmpty { return differences }
        }
        return differences
    }

    @Test("generated expressions: value, failure and cost, folded and not, over events and over documents")
    func generated() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        print("compiled beside the tree: generated with seed \(seed)")
        for difference in try Self.differences(10_000 * Self.factor, seed: seed).prefix(10) { Issue.record("\(difference)") }
    }

    @Test("a seeded fault of the compiler is found", arguments: [ProgramOptions.Fault.forgetsFailures, .foldsOffByOne])
    func seededFault(_ fault: ProgramOptions.Fault) throws {
        if fault == .foldsOffByOne {
            let expression = try CELExpression("1 <= 1")
            let wanted = RulesProgramRunner.tree(expression, CELVariableTable())
            #expect(RulesProgramRunner.compiled(expression, CELVariableTable(), Self.options(true, fault)) != wanted)
            #expect(RulesProgramRunner.compiled(expression, CELVariableTable(), Self.options(false, fault)) == wanted)
        } else {
            #expect(try !Self.differences(2_000, seed: 1, fault: fault, stopAtFirst: true).isEmpty)
        }
    }

    @Test(
        "the cost limit stops both in the same place",
        arguments: [
            "[1, 2, 3].all(x, [1, 2, 3].all(y, x + y > 0))", "\"abcdefghijklmnop\".contains(\"klm\") && 1 < 2 || 3 > 4",
            "[1, 2, 3].map(x, x * 2).filter(x, x > 2).size() == 2", "{\"a\": [1, 2]}[\"a\"][1] in [1, 2, 3]",
            "optional.of(1).optMap(x, x + 1).orValue(7) == 2", "\"a\" in [\"b\", \"c\", \"a\"] ? 1 / 0 : 2",
        ])
    func limits(_ text: String) throws {
        let expression = try CELExpression(text)
        for limit in 0...120 {
            let wanted = RulesProgramRunner.tree(expression, CELVariableTable(), limit: limit)
            var options = ProgramOptions()
            options.foldsConstants = false
            let found = RulesProgramRunner.compiled(expression, CELVariableTable(), options, limit: limit)
            // Which of the steps before the first result was one too many is not told apart.
            let exceeded = "the expression needs more than \(limit) cost units"
            #expect(found.text == wanted.text || found.text.hasSuffix(exceeded) && wanted.text.hasSuffix(exceeded))
        }
    }
}

/// Events as JSON documents.
enum RulesDocuments {
    /// The names of a document, and `vars`.
    struct Variables: CELVariables {
        private let document: CELValue
        private let vars: CELValue

        init(_ document: JSONValue, vars: CELValue) {
            self.document = CELValue(document)
            self.vars = vars
        }

        func value(named name: String) -> CELValue? {
            if name == "vars" { return vars }
            if name == "event" { return document }
            guard name.hasPrefix("event."), case .map(let map) = document else { return nil }
            return map[String(name.dropFirst(6))]
        }
    }

    static func document(of event: Event) -> [UInt8] {
        func object(_ texts: [String: String]) -> JSONValue {
            let sorted = texts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return .object(JSONObject(sorted.map { JSONObject.Member(name: $0.key, value: .string($0.value)) }))
        }
        var document: JSONObject = [
            "source": .string(event.source), "status": .string(event.status.rawValue),
            "fingerprint": .string(event.fingerprint), "labels": object(event.labels), "annotations": object(event.annotations),
        ]
        if event.payload != .null { document.members.append(JSONObject.Member(name: "payload", value: event.payload)) }
        return JSONValue.object(document).serialized()
    }
}
