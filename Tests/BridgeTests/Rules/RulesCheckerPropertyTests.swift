import JSON
import Testing

@testable import Rules

/// The checker against the evaluator: what it deduces is what comes out, and what works it does not refuse.
@Suite("rules: the checker against the evaluator")
struct RulesCheckerPropertyTests {
    private static let names: [(name: String, type: StaticType, value: CELValue)] = [
        ("b", .bool, true), ("i", .int, 3), ("u", .uint, .uint(4)), ("d", .double, .double(2.5)), ("s", .string, "abc"),
        ("t", .timestamp, CELTimestamp(seconds: 1_000).map { .timestamp($0) } ?? .null),
        ("p", .duration, .duration(CELDuration(nanoseconds: 5_000_000_000))), ("x", .dyn, .list([1, "a"])),
        ("y", .dyn, "dynamic"),
        ("l", .list(.string), .list(["a", "b"])), ("m", .map(.string, .int), .map(CELMap(texts: [("a", 1), ("b", 2)]))),
        ("o", .optional(.string), .optional("in")), ("e", .optional(.int), .optional(nil)), ("n", .wrapper(.int), .null),
        (
            "r", .record(title: "`r`", fields: [("name", .string), ("size", .int)]),
            .map(CELMap(texts: [("name", "web"), ("size", 7)]))
        ),
    ]

    private static let scope = ExpressionScope(names: names.map { ($0.name, $0.type) })

    private static let variables = CELVariableTable(
        Dictionary(uniqueKeysWithValues: names.map { ($0.name, $0.value) }))

    /// Writes expressions up to a depth.
    private struct Writer {
        typealias Form = @Sendable (inout Writer, Int) -> String

        var random: RulesRandom
        /// Whether some parts may never be evaluated: branches, bodies over nothing, replacements.
        let isLazy: Bool

        private static let strict: [Form] = [
            { w, d in "(\(w.part(d)) \(w.pick(["+", "-", "*", "/", "%", "+"])) \(w.part(d)))" },
            { w, d in "(\(w.part(d)) \(w.pick(["==", "!=", "<", ">=", "in"])) \(w.part(d)))" },
            { w, d in "[\(w.part(d)), \(w.part(d))]" },
            { w, d in "{'a': \(w.part(d)), 'b': \(w.part(d))}" },
            { w, d in "\(w.part(d))[\(w.pick(["0", "'a'", "i", "s"]))]" },
            { w, d in "\(w.part(d)).\(w.pick(["a", "?a", "name", "size"]))" },
            { w, d in "\(w.part(d)).map(v, \(w.pick(["v", "[v]", "v + v", "v == s", "i"])))" },
            { w, d in "\(w.part(d)).transformMap(k, v, \(w.pick(["v", "k", "[k]"])))" },
            { w, d in "\(w.pick(["size", "type", "dyn", "string", "int", "double", "optional.of", "math.abs"]))(\(w.part(d)))" },
            { w, d in "math.greatest(\(w.part(d)), \(w.part(d)))" },
            { w, d in "\(w.part(d)).\(w.pick(["size", "trim", "first", "hasValue", "value", "getHours"]))()" },
            { w, d in "cel.bind(q, \(w.part(d)), \(w.pick(["q", "[q, q]", "q + q", "q == s"])))" },
        ]
        private static let lazy: [Form] = [
            { w, d in "(\(w.part(d)) \(w.pick(["&&", "||"])) \(w.part(d)))" },
            { w, d in "(\(w.part(d)) ? \(w.part(d)) : \(w.part(d)))" },
            { w, d in "\(w.part(d)).filter(v, \(w.pick(["v == 'a'", "true", "v != 1"])))" },
            { w, d in "\(w.part(d)).optMap(v, \(w.part(d)))" },
            { w, d in "\(w.part(d)).orValue(\(w.part(d)))" },
        ]

        mutating func part(_ depth: Int) -> String {
            guard depth > 0, random.below(10) > 0 else {
                let names = RulesCheckerPropertyTests.names.map(\.name).filter { isLazy || $0 != "e" }
                return pick(names + ["1", "2u", "1.5", "'a'", "true"] + (isLazy ? ["null", "[]", "{}"] : []))
            }
            let forms = isLazy ? Self.strict + Self.lazy : Self.strict
            return forms[random.below(forms.count)](&self, depth - 1)
        }

        mutating func pick(_ words: [String]) -> String { words[random.below(words.count)] }
    }

    /// What each of many expressions comes to: its text, type, findings and value.
    private func outcomes(
        _ seed: Int, isLazy: Bool, _ judge: (String, StaticType, [ExpressionProblem], CELValue?) -> Void
    ) {
        var writer = Writer(random: RulesRandom(seed: UInt64(seed)), isLazy: isLazy)
        for _ in 0..<1_000 {
            let text = writer.part(1 + writer.random.below(3))
            guard let expression = try? CELExpression(text) else { continue }
            let (type, problems) = ExpressionChecker.check(expression, scope: Self.scope)
            var evaluator = CELEvaluator(variables: Self.variables)
            judge(text, type, problems, try? evaluator.value(of: expression))
        }
    }

    @Test("what is deduced is what comes out", arguments: 1...4)
    func deduced(_ seed: Int) {
        var judged = 0
        outcomes(seed, isLazy: true) { text, type, problems, value in
            guard problems.isEmpty, let value, let wanted = type.type else { return }
            judged += 1
            if case .null = value, type.mayBeNull { return }
            #expect(value.type == wanted, "\(text) is \(value), not \(type.text)")
        }
        #expect(judged > 25)
    }

    @Test("what gives a value is not refused", arguments: 1...4)
    func accepted(_ seed: Int) {
        var judged = 0
        outcomes(seed, isLazy: false) { text, _, problems, value in
            guard value != nil else { return }
            judged += 1
            let refusals = problems.filter { problem in
                // What is always false, and a field that is not declared, are refused though they have a value.
                ![" never ", "`r` has no field", "keys are texts"].contains { problem.message.contains($0) }
            }
            #expect(problems.isEmpty || refusals.count < problems.count, "\(text): \(refusals.map(\.message))")
        }
        #expect(judged > 25)
    }
}
