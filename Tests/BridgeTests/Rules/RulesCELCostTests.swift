import Testing

@testable import Rules

@Suite("rules: what expressions may cost")
struct RulesCELCostTests {
    private static let variables: [String: CELValue] = [
        "big": .string(String(repeating: "x", count: 60_000)), "huge": .string(String(repeating: "ab,", count: 300_000)),
        "many": .list(Array(repeating: 1, count: 5_000)), "texts": .list(Array(repeating: .string("abcdefgh"), count: 9_000)),
        "pattern": "(((a{9}){9}){9}){9}", "wide": "a{1000}", "tooWide": "((((a{9}){9}){9}){9}){9}",
        "bytes": .bytes(Array(repeating: 7, count: 60_000)),
    ]

    @Test(
        "what would be too long or too much work ends as such, at once",
        arguments: [
            "big.replace('x', 'yy')", "big.replace('', 'y')", "big.replace('x', big)", "huge.replace('a', '')", "big.split('')",
            "huge.split(',')", "texts.join(',')", "many.map(x, 'x').join(big)", "big.indexOf(big + 'y')",
            "many.all(x, big.lastIndexOf('y') < 0)", "many.all(x, big.trim() == big)", "many.all(x, big.reverse() != 'a')",
            "many.all(x, strings.quote(big) != '')", "strings.quote(big + big)", "many.all(x, huge.charAt(0) == 'a')",
            "'%s%s'.format([big, big])", "'%s'.format([many.map(x, big)])", "many.all(x, '%s'.format([big]) != '')",
            "'%x'.format([big])", "many.all(x, '%.100f%.100f'.format([1.0, 2.0]) != many.map(y, 'x').join())",
            "cel.bind(a, [big], cel.bind(b, [a, a, a], '%s'.format([[b, b, b]])))",
            "cel.bind(a, [[], []], cel.bind(b, [a, a], '%s'.format([many.map(x, [b, b, b, b])])))",
            "base64.encode(bytes)", "many.all(x, base64.encode(b'x') == base64.encode(bytes))", "base64.decode(big + big)",
            "many.all(x, math.greatest(many) == 1)", "many.exists(x, math.least(many) == 2) || true",
            "many.exists(x, 'a'.matches(pattern)) || true", "many.exists(x, 'a'.matches(wide)) || true",
            "many.exists(x, 'a'.matches(tooWide)) || true",
            "many.all(x, !''.matches('a{1000}'))",
            "many.all(x, many.all(i, v, v == 1))", "many.exists(i, x, many.transformList(j, v, v).size() == 0) || true",
            "many.transformMap(i, v, v).transformMap(k, v, v).size() == 0 || many.transformMapEntry(i, v, {i: v, i + 5000: v}).size() > 0",
            "[1, 2, 3].transformMapEntry(i, v, many.transformMap(j, w, w))",
            "many.transformList(i, v, many).size() < 0 || many.all(x, many == many)",
            "many.all(x, int(big) == 1)", "many.exists(x, timestamp(big) == timestamp(0)) || true",
            "many.exists(x, timestamp(0).getHours(big) == 1) || true", "many.exists(x, isIP(big)) || true",
            "many.exists(x, isCIDR(huge)) || true",
        ])
    func tooDear(_ text: String) {
        let start = ContinuousClock.now
        let outcome = RulesExpressionOutcome.of(text, Self.variables)
        #expect(outcome == "!cost", "\(text)")
        // Generous: other tests run at the same time. Without the limits these take minutes.
        #expect(ContinuousClock.now - start < .seconds(5), "\(text)")
    }

    @Test(
        "everyday uses are far below the limit",
        arguments: [
            "'web-01.eu.example.com'.split('.')[0].replace('-', '_').upperAscii() == 'WEB_01'",
            "'%s is down since %d minutes (%.1f %%)'.format(['web-01', 5, 99.5]).size() > 0",
            "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !ip('10.1.2.3').isLoopback()",
            "{'a': '1', 'b': '2'}.transformList(k, v, k + '=' + v).join(',') == 'a=1,b=2'", "math.greatest([1, 2, 3]) == 3",
        ])
    func everyday(_ text: String) {
        #expect(RulesExpressionOutcome.of(text, limit: 500) == "true", "\(text)")
    }

    @Test(
        "work grows with the texts that are read and made",
        arguments: [
            "t.trim()", "t.lowerAscii()", "t.reverse()", "t.charAt(0)", "t.substring(1)", "t.indexOf('y')", "t.lastIndexOf('y')",
            "t.replace('y', 'z')", "t.split('y')", "[t].join()", "strings.quote(t)", "'%s'.format([t])", "base64.decode(t)",
            "base64.encode(b)", "isIP(t)", "int(t) == 1 || true", "bytes(t)", "size(t)",
        ])
    func growth(_ text: String) throws {
        func cost(_ count: Int) throws -> Int {
            let table = CELVariableTable([
                "t": .string(String(repeating: "x", count: count)), "b": .bytes(Array(repeating: 1, count: count)),
            ])
            var evaluator = CELEvaluator(variables: table)
            _ = try? evaluator.value(of: try CELExpression(text))
            return evaluator.cost
        }
        // A tenth of a unit for a character at least, and no more than a few tenths.
        let (small, large) = try (cost(1_000), cost(11_000))
        #expect((1_000...5_000).contains(large - small), "\(text): \(small), \(large)")
    }

    @Test("a list or map that grows too large ends while it is made, not afterwards")
    func growingResults() throws {
        let entries = (0..<4_000).map { (key: CELValue.int($0), value: CELValue.int($0)) }
        let table = CELVariableTable([
            "list": .list(Array(repeating: 1, count: 40_000)), "map": .map(try #require(CELMap(entries))),
        ])
        for text in [
            "list.map(x, x)", "list.filter(x, true)", "list.transformList(i, x, x)", "list.transformMapEntry(i, x, map)",
        ] {
            var evaluator = CELEvaluator(variables: table)
            let expression = try CELExpression(text)
            #expect(throws: EvaluationFailure.self) { try evaluator.value(of: expression) }
            #expect(evaluator.cost < 25_000, "\(text): \(evaluator.cost)")
        }
    }

    @Test("macros inside each other are limited to three, bindings are not loops")
    func nestedMacros() {
        #expect(RulesExpressionOutcome.of("[1].all(a, [1].all(b, [1].all(c, true)))") == "true")
        #expect(RulesExpressionOutcome.of("[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))") == "!syntax")
        #expect(
            RulesExpressionOutcome.of("[1].all(i, a, [1].transformMap(j, b, [1].all(k, c, [1].all(d, true))) != {})") == "!syntax"
        )
        #expect(RulesExpressionOutcome.of("[1].all(a, cel.bind(x, a, cel.bind(y, x, [1].all(b, [1].all(c, x == y)))))") == "true")
    }
}
