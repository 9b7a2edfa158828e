import Testing

@testable import Rules

@Suite("rules: reading expressions")
struct RulesParserTests {
    /// The tree as text, operators in parentheses.
    private static func shape(_ node: CELNode) -> String {
        switch node.kind {
        case .literal(let value):
            switch value {
            case .string(let text): return "'\(text)'"
            case .uint(let number): return "\(number)u"
            default: return (try? CELLibrary.text(of: value)) ?? "null"
            }
        case .identifier(let name, let isRooted): return (isRooted ? "." : "") + name
        case .select(let selection):
            let mark = selection.isOptional ? ".?" : "."
            let text = "\(shape(selection.operand))\(mark)\(selection.field)"
            return selection.isTest ? "has(\(text))" : text
        case .index(let operand, let index, let isOptional): return "\(shape(operand))[\(isOptional ? "?" : "")\(shape(index))]"
        case .call(let call):
            let arguments = call.arguments.map(shape).joined(separator: ", ")
            return "\(call.target.map { shape($0) + "." } ?? "")\(call.name)(\(arguments))"
        case .list(let elements):
            return "[\(elements.map { ($0.isOptional ? "?" : "") + shape($0.value) }.joined(separator: ", "))]"
        case .map(let elements):
            let entries = elements.map { ($0.isOptional ? "?" : "") + shape($0.key) + ": " + shape($0.value) }
            return "{\(entries.joined(separator: ", "))}"
        case .conditional(let condition, let then, let otherwise):
            return "(\(shape(condition)) ? \(shape(then)) : \(shape(otherwise)))"
        case .and(let operands): return "(\(operands.map(shape).joined(separator: " && ")))"
        case .or(let operands): return "(\(operands.map(shape).joined(separator: " || ")))"
        case .not(let operand): return "!\(shape(operand))"
        case .negate(let operand): return "-\(shape(operand))"
        case .binary(let name, let left, let right): return "(\(shape(left)) \(name.rawValue) \(shape(right)))"
        case .comprehension(let loop):
            let parts = [loop.condition, loop.result].compactMap { $0.map(shape) }
            let names = [loop.variable] + (loop.secondVariable.map { [$0] } ?? [])
            return "\(shape(loop.range)).\(loop.macro.rawValue)(\((names + parts).joined(separator: ", ")))"
        case .binding(let binding): return "cel.bind(\(binding.name), \(shape(binding.value)), \(shape(binding.body)))"
        }
    }

    @Test(
        "how operators bind",
        arguments: [
            ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"), ("a || b && c || d", "(a || (b && c) || d)"), ("!a.b", "!a.b"),
            ("!!a", "!!a"),
            ("-a.b * 2", "(-a.b * 2)"), ("-1", "-1"), ("- 1", "-1"), ("--1", "--1"), ("a - -1", "(a - -1)"), ("a-1", "(a - 1)"),
            ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"), ("a == b in c", "((a == b) in c)"), ("a < b == c", "((a < b) == c)"),
            ("a.b['c'][0].?d[?e]", "a.b['c'][0].?d[?e]"), ("f(a, b).g(c)", "f(a, b).g(c)"), (".a.b", ".a.b"),
            ("[1, 2,]", "[1, 2]"), ("{'a': 1, ?'b': c,}", "{'a': 1, ?'b': c}"), ("has(a.b)", "has(a.b)"),
            ("a.all(x, x > 0)", "a.all(x, (x > 0))"), ("a.map(x, x > 0, x + 1)", "a.map(x, (x > 0), (x + 1))"),
            ("a.existsOne(x, x)", "a.exists_one(x, x)"), ("a.all(k, v, k == v)", "a.all(k, v, (k == v))"),
            ("a.transformMap(k, v, k, v)", "a.transformMap(k, v, k, v)"), ("cel.bind(x, a, x)", "cel.bind(x, a, x)"),
            ("a.all(k, k, k)", "error"), ("cel.bind(1, a, a)", "error"), ("a.transformList(k, v)", "error"),
            ("math.least(a)", "math.least(a)"), ("ip.isCanonical(a)", "ip.isCanonical(a)"), ("a.ip()", "a.ip()"),
            ("optional.of(a)", "optional.of(a)"), ("a.`b-c`", "a.b-c"),
            ("a // comment\n && b", "(a && b)"), ("1u + 0x1F", "(1u + 31)"), ("'a' 'b'.size()", "error"), ("(a)", "a"),
            ("-9223372036854775808", "-9223372036854775808"), ("9223372036854775808", "error"), ("a.b{c: 1}", "error"),
            ("a..b", "error"), ("", "error"), (" ", "error"), ("a b", "error"), ("[1", "error"), ("{1}", "error"),
            ("f(1", "error"),
            ("a ? b", "error"), ("has(a)", "error"), ("a.all(1, true)", "error"), ("a.all(x)", "error"), ("in", "error"),
            ("a.in", "error"),
            ("'\\q'", "error"), ("'\\ud800'", "error"), ("b'\\u0041'", "error"), ("'a\nb'", "error"), ("1.2.3", "error"),
            ("0x", "error"),
            ("1e", "error"), ("a &&& b", "error"), ("\u{0}", "error"), ("a.`b", "error"), ("18446744073709551616u", "error"),
        ])
    func binding(_ text: String, _ expected: String) {
        let actual = (try? CELExpression(text)).map { Self.shape($0.root) } ?? "error"
        #expect(actual == expected, "\(text)")
    }

    @Test(
        "128 levels are read, 129 are not",
        arguments: [
            { String(repeating: "(", count: $0) + "1" + String(repeating: ")", count: $0) },
            { String(repeating: "[", count: $0) + "1" + String(repeating: "]", count: $0) },
            { String(repeating: "-", count: $0) + "a" }, { String(repeating: "!", count: $0) + "true" },
            { "1" + String(repeating: " + 1", count: $0) }, { "a" + String(repeating: ".b", count: $0) },
            { String(repeating: "f(", count: $0) + "1" + String(repeating: ")", count: $0) },
            { String(repeating: "true ? 1 : ", count: $0) + "1" },
        ] as [@Sendable (Int) -> String])
    func nesting(_ make: @Sendable (Int) -> String) throws {
        _ = try CELExpression(make(128))
        for count in [129, 1_000, 2_000] {
            #expect { try CELExpression(make(count)) } throws: { ($0 as? CELSyntaxError)?.isTooLarge ?? false }
        }
    }

    @Test("the other limits: bytes, parts, macros in macros")
    func limits() throws {
        func isTooLarge(_ text: String) -> Bool {
            do throws(CELSyntaxError) {
                _ = try CELExpression(text)
                return false
            } catch {
                return error.isTooLarge
            }
        }
        let padding = String(repeating: " ", count: CELExpression.maxBytes - 1)
        #expect(!isTooLarge("1" + padding))
        #expect(isTooLarge("1" + padding + " "))
        #expect(!isTooLarge("[" + String(repeating: "1,", count: 1_999) + "]"))
        #expect(isTooLarge("[" + String(repeating: "1,", count: 2_000) + "]"))
        #expect(!isTooLarge("a.all(x, x.all(y, y.all(z, z)))"))
        #expect(isTooLarge("a.all(x, x.all(y, y.all(z, z.all(w, w))))"))
        #expect(!isTooLarge("a.map(x, x).map(x, x).map(x, x).map(x, x)"), "one after the other is not inside each other")
    }

    @Test("texts that are no expressions end as an error with a place inside the text, and never otherwise")
    func mutations() {
        let seeds = [
            "event.labels.severity == \"critical\" && !has(event.labels.x) || size([1, 2u, 3.5]) > 2",
            "event.labels.?env.orValue('dev') in ['a', \"b\"] ? {'a': b'\\x00'} : {}", "a.all(x, x.b[0].exists(y, -y < 0x1F))",
            "duration('1h') + timestamp(\"2026-01-01T00:00:00Z\") // end", "r'\\d' + \"\"\"x\"\"\"",
        ].map { Array($0.utf8) }
        var random = RulesRandom(seed: 20_261_121)
        for _ in 0..<3_000 {
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(4) {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8(random.below(128))
                case 2: bytes.insert(contentsOf: [UInt8](repeating: bytes[place], count: 1 + random.below(5)), at: place)
                default: bytes.append(contentsOf: seeds[random.below(seeds.count)].prefix(random.below(30)))
                }
                if bytes.isEmpty { bytes = [0x61] }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(CELSyntaxError) {
                let expression = try CELExpression(text)
                var evaluator = CELEvaluator(variables: CELVariableTable(["event": .map(CELMap(texts: []))]))
                _ = try? evaluator.value(of: expression)
            } catch {
                #expect(error.span.lowerBound >= 0 && error.span.upperBound <= text.utf8.count, "\(text): \(error)")
            }
        }
    }
}

/// A small generator of numbers that are the same in every run (SplitMix64).
struct RulesRandom {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
