import JSON
import Testing

@testable import Rules

/// The public conformance tests of CEL, read from outside the package and skipped where they are absent.
@Suite("CELConformance")
struct CELConformance {
    /// How many of the core tests pass; may only rise.
    private static let coreFloor = 820
    private static let checkerFloor = 24

    private static let folder =
        RulesFiles.environment("VPSBRIDGE_CEL_CONFORMANCE") ?? RulesFiles.root + "/../shared/cel-conformance"
    private static let files = RulesFiles.names(in: folder).filter { $0.hasSuffix(".json") }

    @Test("the core tier passes", .enabled(if: !files.isEmpty, "the conformance tests are not at \(folder)"))
    func coreTier() throws {
        var total: [String: Int] = [:]
        var passed: [String: Int] = [:]
        var failures: [String] = []
        for file in Self.files {
            let bytes = try #require(RulesFiles.bytes("\(Self.folder)/\(file)"))
            let document = try JSONValue.parse(bytes)
            for test in document["tests"]?.arrayValue ?? [] {
                let tier = test["tier"]?.stringValue ?? "unknown"
                total[tier, default: 0] += 1
                if let problem = CELConformanceCase(test).problem() {
                    if tier == "core" || tier == "ext-optional" || tier == "checker" {
                        failures.append("\(test["id"]?.stringValue ?? "?"): \(problem)")
                    }
                } else {
                    passed[tier, default: 0] += 1
                }
            }
        }
        for tier in total.keys.sorted() {
            print("CEL conformance, \(tier): \(passed[tier, default: 0])/\(total[tier, default: 0])")
        }
        for failure in failures { print("  \(failure)") }
        #expect(passed["core", default: 0] >= Self.coreFloor)
        #expect(passed["checker", default: 0] >= Self.checkerFloor)
    }
}

/// One conformance test.
private struct CELConformanceCase {
    let test: JSONValue

    init(_ test: JSONValue) {
        self.test = test
    }

    /// What went wrong; `nil` when the test passes.
    func problem() -> String? {
        guard let text = test["expr"]?.stringValue, let expect = test["expect"] else { return "no expression" }
        let result: Result<CELValue, any Error>
        do {
            let expression = try CELExpression(text)
            if let problem = try typeProblem(expression, expect) { return problem }
            if test["checkOnly"] == .bool(true) { return nil }
            var evaluator = CELEvaluator(
                variables: try variables(), zones: Self.zones, container: test["container"]?.stringValue ?? "")
            result = .success(try evaluator.value(of: expression))
        } catch {
            result = .failure(error)
        }
        if expect["error"] != nil {
            if case .success(let value) = result { return "expected an error, got \(value)" }
            return nil
        }
        guard let wanted = expect["value"] else { return "expects a type" }
        switch result {
        case .failure(let error): return "\(text.prefix(100)) failed: \(error)"
        case .success(let value):
            do {
                return try Self.isSame(value, Self.value(wanted)) ? nil : "\(text.prefix(100)) gave \(value)"
            } catch {
                return "the expectation can not be read"
            }
        }
    }

    private struct Refused: Error {
        let message: String
    }

    /// Checks the expression unless the test says not to; a finding counts as the error that a test may expect.
    private func typeProblem(_ expression: CELExpression, _ expect: JSONValue) throws -> String? {
        guard test["disableCheck"] != .bool(true) else { return nil }
        let (type, problems) = ExpressionChecker.check(expression, scope: try ExpressionScope(conformanceTest: test))
        if let first = problems.first { throw Refused(message: first.message) }
        guard let wanted = expect["deducedType"]?.stringValue, wanted != type.text else { return nil }
        return "the type is \(type.text), not \(wanted)"
    }

    private func variables() throws -> CELVariableTable {
        var table = CELVariableTable()
        for member in test["bindings"]?.objectValue?.members ?? [] {
            table.values[member.name] = try Self.value(member.value)
        }
        return table
    }

    private struct Unreadable: Error {}

    /// The zones that the tests name, where the machine has them.
    private static let zones: CELTimeZones = {
        var zones: [String: TimeZoneRules] = [:]
        for name in ["Australia/Sydney", "US/Central", "America/St_Johns", "Asia/Kathmandu"] {
            zones[name] = RulesFiles.bytes("/usr/share/zoneinfo/\(name)").flatMap { TimeZoneRules(tzif: $0) }
        }
        return CELTimeZones(zones)
    }()

    private static func value(_ json: JSONValue) throws -> CELValue {
        let text = json["value"]?.stringValue ?? ""
        switch json["type"]?.stringValue {
        case "null": return .null
        case "bool": return .bool(json["value"] == .bool(true))
        case "int": return .int(try require(Int64(text)))
        case "uint": return .uint(try require(UInt64(text)))
        case "double": return .double(try require(Double(text)))
        case "string": return .string(text)
        case "bytes": return .bytes(try require(base64(text)))
        case "list": return .list(try (json["value"]?.arrayValue ?? []).map(value))
        case "map":
            let entries = try (json["value"]?.arrayValue ?? []).map { entry in
                (key: try value(require(entry["key"])), value: try value(require(entry["value"])))
            }
            return .map(try require(CELMap(entries)))
        case "type": return .type(try require(CELType(rawValue: text)))
        case "timestamp":
            let seconds = try require(Int64(json["seconds"]?.stringValue ?? ""))
            return .timestamp(try require(CELTimestamp(seconds: seconds, nanoseconds: Int32(json["nanos"]?.intValue ?? 0))))
        case "duration":
            let seconds = try require(Int64(json["seconds"]?.stringValue ?? ""))
            return .duration(CELDuration(nanoseconds: seconds * 1_000_000_000 + (json["nanos"]?.intValue ?? 0)))
        default: throw Unreadable()
        }
    }

    private static func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Unreadable() }
        return value
    }

    private static func base64(_ text: String) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 where byte != 0x3D {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            bits = bits << 6 | UInt32(digit)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    /// Type and value alike: 1 is not 1.0, NaN is NaN, -0.0 is not 0.0, a map's order does not matter.
    private static func isSame(_ left: CELValue, _ right: CELValue) -> Bool {
        guard left.type == right.type else { return false }
        switch (left, right) {
        case (.double(let left), .double(let right)):
            return left.isNaN && right.isNaN || left == right && left.sign == right.sign
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy(isSame)
        case (.map(let left), .map(let right)):
            return left.count == right.count
                && left.entries.allSatisfy { key, value in
                    right.entries.contains { isSame($0.key, key) && isSame($0.value, value) }
                }
        default:
            var meter = CELMeter()
            return (try? CELValue.equals(left, right, meter: &meter)) ?? false
        }
    }
}
