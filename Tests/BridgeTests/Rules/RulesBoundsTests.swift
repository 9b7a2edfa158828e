import JSON
import Testing

@testable import Rules

/// What is built to exhaust time, memory or the stack ends as its stated error, after bounded work.
@Suite("rules: bounds")
struct RulesBoundsTests {
    private static let variables = CELVariableTable(["text": .string(String(repeating: "a", count: 40_000)), "one": .int(1)])

    /// `ok`, or what kind of error it is: `syntax`, `too large`, or that of the evaluation.
    private static func outcome(_ text: String) -> (String, cost: Int) {
        let expression: CELExpression
        do throws(CELSyntaxError) {
            expression = try CELExpression(text)
        } catch {
            return (error.isTooLarge ? "too large" : "syntax", 0)
        }
        var evaluator = CELEvaluator(variables: variables)
        do throws(EvaluationFailure) {
            _ = try evaluator.value(of: expression)
            return ("ok", evaluator.cost)
        } catch {
            return (error.kind.rawValue, evaluator.cost)
        }
    }

    /// A list of lists that is two to the power of 40 numbers to whoever walks it.
    private static let doubled = "[1]" + String(repeating: ".map(x, [x, x])", count: 40)

    /// What grows exponentially with the expression (langdef, "Performance limits"), and other long work from short texts.
    private static let explosions = [
        // Comprehensions inside each other: n to the power of their depth.
        "{list}.all(a, {list}.all(b, {list}.all(c, a + b + c >= 0)))",
        "{list}.map(a, {list}.map(b, {list}.map(c, a * b * c))).size() > 0",
        // Each `map` doubles what the one before made.
        doubled + " == " + doubled,
        doubled + " in [" + doubled + "]",
        "{list}.map(i, " + doubled + ").exists(i, i == 1) || " + doubled + " != " + doubled,
        #"["aaaaaaaa"]"# + String(repeating: ".map(x, x + x)", count: 40) + ".size() > 0",
        // Texts and lists that are put together again and again.
        "{list}.map(a, text).size() > 0 && {list}.map(a, text + text).size() > 0",
        "{list}.map(a, {list}).map(b, b + b + b + b).size() > 0",
        "{list}.exists(a, {list}.exists(b, text.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')))",
        "{list}.exists(a, text.matches('(a*)*b'))",
        "{list}.map(a, {list}.map(b, text.replace('a', text))).size() > 0",
        "{list}.map(a, text.split('')).size() > 0",
    ].map { $0.replacing("{list}", with: "[\((0..<100).map(String.init).joined(separator: ","))]") }

    @Test("an expression that explodes ends with the cost error", arguments: explosions.indices)
    func explosion(_ index: Int) {
        let text = Self.explosions[index]
        let (outcome, cost) = Self.outcome(text)
        #expect(outcome == "cost", "\(text.prefix(60))")
        // The last charge may go over the limit, by what one step is worth.
        #expect(cost <= 2 * CELMeter.defaultLimit)
    }

    @Test(
        "nesting of 128 is read, of 129 is refused, of 100,000 harms nothing",
        arguments: [
            ("(", "one", ")"), ("[", "one", "]"), ("!", "true", ""), ("-", "one", ""), ("{1:", "one", "}"),
            ("[one].map(x,", "one", ")"),
        ])
    func nesting(_ open: String, _ core: String, _ close: String) {
        func nested(_ count: Int) -> String {
            String(repeating: open, count: count) + core + String(repeating: close, count: count)
        }
        let isMacro = open.contains("map")
        #expect(Self.outcome(nested(isMacro ? 3 : 120)).0 != "too large")
        #expect(Self.outcome(nested(isMacro ? 4 : 129)).0 == "too large")
        #expect(["too large", "syntax"].contains(Self.outcome(nested(100_000)).0))
    }

    @Test("8 KiB of source are read, one byte more is refused")
    func sourceLength() {
        let longest = "one == 1 ||" + String(repeating: " ", count: CELExpression.maxBytes - 15) + "true"
        #expect(longest.utf8.count == CELExpression.maxBytes)
        #expect(Self.outcome(longest).0 == "ok")
        #expect(Self.outcome(longest + " ").0 == "too large")
    }

    @Test("a body of a million brackets is refused as too deep")
    func brackets() {
        let body = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONError.self) { try JSONValue.parse(body) }
        do throws(JSONError) {
            _ = try JSONValue.parse(body)
        } catch {
            #expect(error.code == .tooDeep)
        }
    }

    /// `Aa` and `BB` have one value under the hash that multiplies by 31, and so has every sequence of them.
    private static func collidingKeys(_ count: Int) -> [String] {
        (0..<count).map { number in
            (0..<15).map { bit in number >> bit & 1 == 0 ? "Aa" : "BB" }.joined()
        }
    }

    @Test("20,000 keys with one hash are a map like any other")
    func collidingKeys() throws {
        let members = Self.collidingKeys(20_000).map { "\"\($0)\":1" }.joined(separator: ",")
        let value = CELValue(try JSONValue.parse(Array("{\(members)}".utf8)))
        guard case .map(let map) = value else {
            Issue.record("not a map")
            return
        }
        #expect(map.count == 20_000)
        var evaluator = CELEvaluator(variables: CELVariableTable(["event": value]))
        let looked = try evaluator.value(of: CELExpression("'\(Self.collidingKeys(1)[0])' in event && !('x' in event)"))
        guard case .bool(true) = looked else {
            Issue.record("\(looked)")
            return
        }
    }
}
