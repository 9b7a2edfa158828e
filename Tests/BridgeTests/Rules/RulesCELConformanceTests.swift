import JSON
import Testing

@testable import Rules

/// The public conformance tests of CEL, read from outside the package and skipped where they are absent.
///
/// Any folder of these tests will do, also one with more of them: every test of the tiers that are run has to pass.
@Suite("CELConformance")
struct CELConformance {
    /// Tests that passed in the known folder, by tier; may only rise. A tier with another number of tests is not held to it.
    private static let floors: [String: (passed: Int, of: Int)] = [
        "core": (820, 820), "ext-strings": (148, 148), "ext-math": (152, 152), "ext-optional": (41, 41),
        "ext-network": (52, 52), "ext-two-var-comprehensions": (27, 27), "ext-bindings": (7, 7), "ext-encoders": (2, 2),
        "checker": (24, 24),
    ]

    private static let folder =
        RulesFiles.environment("VPSBRIDGE_CEL_CONFORMANCE") ?? RulesFiles.root + "/../shared/cel-conformance"
    private static let files = RulesFiles.names(in: folder).filter { $0.hasSuffix(".json") }

    @Test(
        "every test passes", .enabled(if: !files.isEmpty, "the conformance tests are not at \(folder)"),
        arguments: RulesConformanceEngine.allCases)
    func everyTest(_ engine: RulesConformanceEngine) throws {
        var tallies: [String: Tally] = [:]
        var failures: [String] = []
        for file in Self.files {
            let bytes = try #require(RulesFiles.bytes("\(Self.folder)/\(file)"))
            for json in try JSONValue.parse(bytes)["tests"]?.arrayValue ?? [] {
                let tier = json["tier"]?.stringValue ?? "unknown"
                guard tier == "core" || tier == "checker" || tier.hasPrefix("ext-") else { continue }
                tallies[tier, default: Tally()].total += 1
                switch RulesConformanceCase(json, engine: engine).outcome() {
                case .passed: tallies[tier, default: Tally()].passed += 1
                case .failed(let problem): failures.append("\(json["id"]?.stringValue ?? "?"): \(problem)")
                }
            }
        }
        for (tier, tally) in tallies.sorted(by: { $0.key < $1.key }) {
            print("CEL conformance, \(engine.rawValue), \(tier): \(tally.passed)/\(tally.total)")
            if let floor = Self.floors[tier], floor.of == tally.total { #expect(tally.passed >= floor.passed, "\(tier)") }
        }
        for failure in failures { Issue.record("\(failure)") }
    }

    private struct Tally {
        var passed = 0
        var total = 0
    }
}

/// What evaluates the tests' expressions; all have to agree.
enum RulesConformanceEngine: String, CaseIterable, Sendable {
    /// The evaluator that walks the tree.
    case tree

    func value(
        of expression: CELExpression, variables: CELVariableTable, zones: CELTimeZones, container: String
    ) throws -> CELValue {
        switch self {
        case .tree:
            var evaluator = CELEvaluator(variables: variables, zones: zones, container: container)
            return try evaluator.value(of: expression)
        }
    }
}
