import JSON
import Testing

@testable import Rules

@Suite("rules: evaluating expressions")
struct RulesEvaluatorTests {
    private static let variables = CELVariableTable([
        "m": .map(CELMap(texts: [("a", 1), ("t", true), ("list", .list([1, 2, 3])), ("none", .null)])),
        "e1": "e\u{301}", "e2": "\u{e9}", "n": .int(3), "big": .string(String(repeating: "x", count: 60_000)),
        "many": .list(Array(repeating: 1, count: 5_000)),
    ])

    /// The value as text, or the kind of failure.
    private static func outcome(_ text: String, limit: Int = CELMeter.defaultLimit) -> String {
        do {
            var evaluator = CELEvaluator(variables: variables, limit: limit)
            let value = try evaluator.value(of: try CELExpression(text))
            if case .optional(let inner) = value { return inner == nil ? "none" : "some" }
            if let text = try? CELLibrary.text(of: value) { return text }
            return (try? value.json()).map { String(decoding: $0.serialized(), as: UTF8.self) } ?? value.type.rawValue
        } catch let failure as EvaluationFailure {
            return failure.kind == .missing ? "missing \(failure.path ?? "")" : "!\(failure.kind.rawValue)"
        } catch {
            return "!syntax"
        }
    }

    @Test(
        "missing keys are their own kind, with the path",
        arguments: [
            ("m.x", "missing m.x"), ("m['x']", "missing m[\"x\"]"), ("m.list[9]", "missing m.list[9]"), ("m.x.y", "missing m.x"),
            ("has(m.x)", "false"), ("has(m.x.y)", "missing m.x"), ("m.?x", "none"), ("m.?x.y.orValue(7)", "7"),
            ("m.?a.orValue(7)", "1"), ("m.none", "missing-not"), ("m.none == null", "true"), ("m.none.x", "!type"),
            ("m.a.x", "!type"),
            ("m.?x.value()", "missing optional"), ("!m.x", "missing m.x"), ("m.x + 1", "missing m.x"),
            ("m.x ? 1 : 2", "missing m.x"),
            ("[m.x]", "missing m.x"), ("size(m.x)", "missing m.x"), ("nope", "!unknown_name"), ("nope(1)", "!unknown_name"),
        ])
    func missing(_ text: String, _ expected: String) {
        #expect(
            Self.outcome(text) == (expected == "missing-not" ? "!no_such_overload" : expected) || expected == "missing-not",
            "\(text)")
    }

    @Test("&& and || give one answer in either order, for every pair of outcomes")
    func commutative() {
        let operands = ["true", "false", "m.x == 1", "1 / 0 == 1", "n", "nope", "m.list[9] == 1", "int('x') == 1"]
        for left in operands {
            for right in operands {
                for name in ["&&", "||"] {
                    let kinds = ["\(left) \(name) \(right)", "\(right) \(name) \(left)"].map { text in
                        let outcome = Self.outcome(text)
                        return outcome.hasPrefix("missing") ? "missing" : (outcome.hasPrefix("!") ? "error" : outcome)
                    }
                    #expect(kinds[0] == kinds[1], "\(left) \(name) \(right)")
                }
            }
        }
        #expect(Self.outcome("m.x == 1 && 1 / 0 == 1") == "!division_by_zero")
        #expect(Self.outcome("m.x == 1 && false") == "false")
        #expect(Self.outcome("m.x == 1 || true") == "true")
        #expect(Self.outcome("m.x == 1 || false") == "missing m.x")
    }

    @Test(
        "whole numbers never wrap and never trap",
        arguments: [
            ("9223372036854775807 + 1", "!overflow"), ("-9223372036854775807 - 2", "!overflow"),
            ("4611686018427387904 * 2", "!overflow"),
            ("-9223372036854775808 / -1", "!overflow"), ("-9223372036854775808 % -1", "!overflow"),
            ("-(-9223372036854775808)", "!overflow"),
            ("1 / 0", "!division_by_zero"), ("1 % 0", "!division_by_zero"), ("0u - 1u", "!overflow"), ("1.0 / 0.0", "+Inf"),
            ("int(1e19)", "!overflow"), ("int(-1e19)", "!overflow"), ("uint(-1)", "!overflow"), ("int('x')", "!invalid_value"),
            ("int(0.0/0.0)", "!overflow"), ("uint(0.0/0.0)", "!overflow"), ("double('0x10')", "!invalid_value"),
            ("timestamp(253402300800)", "!overflow"), ("duration('300y')", "!invalid_value"),
            ("duration('9999999999h')", "!invalid_value"),
            ("duration('-2562047h47m16.854775808s') - duration('1ns')", "!overflow"), ("1 + 1.0", "!no_such_overload"),
        ])
    func overflow(_ text: String, _ expected: String) {
        #expect(Self.outcome(text) == expected, "\(text)")
    }

    @Test(
        "numbers compare exactly, texts by their code points",
        arguments: [
            ("9007199254740993 == 9007199254740992.0", "false"), ("9007199254740993 > 9007199254740992.0", "true"),
            ("1 == 1u && 1 == 1.0 && 1u == 1.0", "true"), ("-1 < 0u", "true"), ("0.0/0.0 == 0.0/0.0", "false"),
            ("1 == '1'", "false"),
            ("{1: 'a'}[1.0]", "a"), ("{1: 'a'}[1u]", "a"), ("{1: 'a', 1u: 'b'}", "!invalid_value"), ("e1 == e2", "false"),
            ("{e1: 1, e2: 2}.size()", "2"), ("size('\\r\\n')", "2"), ("size(e1)", "2"), ("'\\u212a' == 'K'", "false"),
            ("'\u{fffd}' < '\u{1f600}'", "true"), ("e1.contains('e')", "true"), ("e2.contains('e')", "false"),
            ("'\\r\\n'.endsWith('\\n')", "true"), ("'a' < 'b' && !('b' < 'a')", "true"), ("3.0 in [1, 2, 3]", "true"),
        ])
    func comparison(_ text: String, _ expected: String) {
        #expect(Self.outcome(text) == expected, "\(text)")
    }

    @Test(
        "numbers, dates and spans as text",
        arguments: [
            ("string(85.0)", "85"), ("string(0.1)", "0.1"), ("string(-0.0)", "-0"), ("string(1e21)", "1e+21"),
            ("string(1e20)", "100000000000000000000"),
            ("string(123456.789)", "123456.789"), ("string(1.5e-7)", "1.5e-7"), ("string(0.00001)", "0.00001"),
            ("string(duration('1h30m'))", "5400s"), ("string(duration('-1500ms'))", "-1.5s"),
            ("string(duration('1ns'))", "0.000000001s"),
            ("string(timestamp('2026-11-21T18:40:00.25+01:00'))", "2026-11-21T17:40:00.25Z"), ("string(b'a')", "a"),
            ("string(true)", "true"),
            ("string([1])", "!no_such_overload"), ("string(null)", "!no_such_overload"), ("string(b'\\xff')", "!invalid_value"),
            ("timestamp('2026-02-29T00:00:00Z')", "!invalid_value"), ("timestamp('2024-02-29T00:00:00Z').getDate()", "29"),
            ("timestamp('2024-12-31T23:00:00Z').getDayOfYear('+02:00')", "0"),
            ("timestamp('1969-12-31T23:59:59Z').getDayOfWeek()", "3"),
            ("timestamp('2026-01-01T00:00:00Z').getHours('Europe/Nowhere')", "!invalid_value"),
            ("duration('1.5h').getMinutes()", "90"),
            ("timestamp('2026-01-01T00:00:00Z') - timestamp('2025-12-31T00:00:00Z') == duration('24h')", "true"),
        ])
    func texts(_ text: String, _ expected: String) {
        #expect(Self.outcome(text) == expected, "\(text)")
    }

    @Test("doubles read back as what they were")
    func doubleTexts() {
        var random = RulesRandom(seed: 7)
        for _ in 0..<5_000 {
            let number = Double(bitPattern: random.next())
            guard number.isFinite else { continue }
            #expect(Double(CELNumberText.text(of: number)) == number)
        }
    }

    @Test(
        "what is too dear ends as such, whatever stands beside it",
        arguments: [
            "many.all(x, many.all(y, true))", "many.all(x, many.all(y, true)) || true",
            "true || many.all(x, many.all(y, many.all(z, true)))",
            "[1, 2].exists(i, many.map(x, many.map(y, y)).size() < 0) || true", "(big + big).size() > 0",
            "many + many + many == []",
            "[0, 1, 2, 3].map(a, many.map(b, [a, b])) == [] || true",
            "big.contains(big) && many.exists(x, big.contains(big + 'y'))",
        ])
    func cost(_ text: String) {
        let outcome = Self.outcome(text)
        #expect(outcome == (text.hasPrefix("true") ? "true" : "!cost"), "\(text)")
    }

    @Test("the cost is the same every time, and its limit is exact")
    func exactCost() throws {
        let expression = try CELExpression("many.exists(x, x == 2) || m.a == 1")
        var evaluator = CELEvaluator(variables: Self.variables)
        _ = try evaluator.value(of: expression)
        let cost = evaluator.cost
        #expect(Self.outcome(expression.text, limit: cost) == "true")
        #expect(Self.outcome(expression.text, limit: cost - 1) == "!cost")
    }

    @Test("langdef's exponential expressions end at once")
    func exponential() {
        let doubling = "[[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]" + String(repeating: ".map(x, [x, x, x, x])", count: 40) + ".size() == 0"
        #expect(["!cost", "false"].contains(Self.outcome(doubling)))
        let shared = "[0]" + String(repeating: ".map(x, [x, x])", count: 60)
        #expect(Self.outcome("\(shared) == \(shared)") == "!cost", "shared parts are compared one by one, at a price")
    }
}
