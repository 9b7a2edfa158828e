import Testing

@testable import Rules

@Suite("rules: the math and encoders extensions")
struct RulesCELMathTests {
    @Test(
        "numbers",
        arguments: [
            ("math.greatest(1)", "1"), ("math.greatest(1u, 2u)", "2u"), ("math.greatest(-42.0, -21.5, -100.0)", "-21.5"),
            ("math.greatest([-42.0, -21.5, -100.0])", "-21.5"), ("math.greatest(1, 1.0, 1u)", "1"),
            ("math.greatest(1.0, 1)", "1.0"),
            ("math.greatest(9223372036854775807, 18446744073709551615u)", "18446744073709551615u"),
            ("math.greatest(9007199254740993, 9007199254740992.0)", "9007199254740993"), ("math.least(1, -1.5, 3u)", "-1.5"),
            ("math.least(dyn([3, 1u, 2.0]))", "1u"), ("math.least([5])", "5"), ("math.greatest([])", "!invalid_value"),
            ("math.greatest()", "!no_such_overload"), ("math.greatest('a')", "!no_such_overload"),
            ("math.greatest(1, '2')", "!no_such_overload"), ("math.greatest([1, '2'])", "!no_such_overload"),
            ("math.greatest([1], [2])", "!no_such_overload"), ("math.greatest(0.0/0.0, 1.0)", "!invalid_value"),
            ("math.ceil(1.2)", "2.0"), ("math.ceil(-1.2)", "-1.0"), ("math.floor(1.2)", "1.0"), ("math.floor(-1.2)", "-2.0"),
            ("math.round(1.5)", "2.0"), ("math.round(-1.5)", "-2.0"), ("math.round(2.5)", "3.0"),
            ("math.round(0.49999999999999994)", "0.0"), ("math.trunc(-1.3)", "-1.0"), ("math.isNaN(math.ceil(0.0/0.0))", "true"),
            ("math.round(1)", "!no_such_overload"), ("math.isInf(1)", "!no_such_overload"),
            ("math.abs(-1)", "1"), ("math.abs(-1.5)", "1.5"), ("math.abs(1u)", "1u"),
            ("math.abs(-9223372036854775808)", "!overflow"), ("math.abs(-9223372036854775807)", "9223372036854775807"),
            ("math.abs('a')", "!no_such_overload"), ("math.sign(-42)", "-1"), ("math.sign(0u)", "0u"), ("math.sign(7u)", "1u"),
            ("math.sign(-0.0)", "0.0"), ("math.sign(-0.1)", "-1.0"), ("math.isNaN(math.sign(0.0/0.0))", "true"),
            ("math.isInf(-1.0/0.0)", "true"), ("math.isNaN(0.0/0.0)", "true"), ("math.isFinite(1.0/0.0)", "false"),
            ("math.isFinite(0.0/0.0)", "false"), ("math.isFinite(1.5)", "true"),
            ("math.sqrt(81)", "9.0"), ("math.sqrt(4u)", "2.0"), ("math.sqrt(985.25)", "31.388692231439016"),
            ("math.isNaN(math.sqrt(-15.0))", "true"), ("math.sqrt('4')", "!no_such_overload"),
        ])
    func numbers(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }

    @Test(
        "bits",
        arguments: [
            ("math.bitOr(1u, 2u)", "3u"), ("math.bitOr(-2, -4)", "-2"), ("math.bitAnd(3u, 2u)", "2u"),
            ("math.bitAnd(-3, -5)", "-7"),
            ("math.bitXor(3u, 5u)", "6u"), ("math.bitXor(1, 3)", "2"), ("math.bitNot(1)", "-2"), ("math.bitNot(-1)", "0"),
            ("math.bitNot(0u)", "18446744073709551615u"), ("math.bitAnd(1, 1u)", "!no_such_overload"),
            ("math.bitNot(1.0)", "!no_such_overload"), ("math.bitShiftLeft(1, 2)", "4"), ("math.bitShiftLeft(-1, 2)", "-4"),
            ("math.bitShiftLeft(1u, 2)", "4u"), ("math.bitShiftLeft(1u, 200)", "0u"), ("math.bitShiftLeft(-1, 64)", "0"),
            ("math.bitShiftLeft(1, 63)", "-9223372036854775808"), ("math.bitShiftLeft(1, 9223372036854775807)", "0"),
            ("math.bitShiftRight(1024, 2)", "256"), ("math.bitShiftRight(1024u, 64)", "0u"),
            ("math.bitShiftRight(-1024, 3)", "2305843009213693824"), ("math.bitShiftRight(-1, 64)", "0"),
            ("math.bitShiftLeft(1, -1)", "!invalid_value"), ("math.bitShiftRight(1u, -1)", "!invalid_value"),
            ("math.bitShiftRight(1u, 1u)", "!no_such_overload"),
        ])
    func bits(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }

    @Test(
        "Base64",
        arguments: [
            ("base64.encode(b'hello')", "\"aGVsbG8=\""), ("base64.encode(b'')", "\"\""),
            ("base64.encode(b'\\xfb\\xff')", "\"+/8=\""),
            ("base64.encode(b'abc')", "\"YWJj\""), ("base64.encode('abc')", "!no_such_overload"),
            ("base64.decode('aGVsbG8=') == b'hello'", "true"), ("base64.decode('aGVsbG8') == b'hello'", "true"),
            ("base64.decode('')", "b\"\""), ("base64.decode('YQ==')", "b\"61\""), ("base64.decode('YQ=')", "!invalid_value"),
            ("base64.decode('YQ===')", "!invalid_value"), ("base64.decode('Y')", "!invalid_value"),
            ("base64.decode('YW Jj')", "!invalid_value"), ("base64.decode('-_8=')", "!invalid_value"),
            ("base64.decode('Y=Q=')", "!invalid_value"), ("base64.decode(b'YQ==')", "!no_such_overload"),
        ])
    func base64(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }
}
