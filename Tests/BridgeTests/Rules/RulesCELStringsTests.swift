import Testing

@testable import Rules

@Suite("rules: the strings extension")
struct RulesCELStringsTests {
    private static func check(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }

    @Test(
        "positions count code points and are checked",
        arguments: [
            ("'tacocat'.charAt(3)", "\"o\""), ("'tacocat'.charAt(7)", "\"\""), ("'tacocat'.charAt(8)", "!invalid_value"),
            ("'tacocat'.charAt(-1)", "!invalid_value"), ("'tacocat'.charAt(1u)", "!no_such_overload"),
            ("'©αT'.charAt(1)", "\"α\""), ("'e\\u0301x'.charAt(2)", "\"x\""), ("''.charAt(0)", "\"\""),
            ("'tacocat'.charAt(9223372036854775807)", "!invalid_value"),
            ("'tacocat'.charAt(-9223372036854775808)", "!invalid_value"),
            ("'tacocat'.substring(4)", "\"cat\""), ("'tacocat'.substring(0, 4)", "\"taco\""), ("'tacocat'.substring(7)", "\"\""),
            ("'ta©o©αT'.substring(2, 6)", "\"©o©α\""), ("'tacocat'.substring(2, 2)", "\"\""),
            ("'tacocat'.substring(2, 1)", "!invalid_value"), ("'tacocat'.substring(8)", "!invalid_value"),
            ("'tacocat'.substring(-1, 1)", "!invalid_value"), ("'tacocat'.substring(0, 8)", "!invalid_value"),
            ("'a'.substring('0')", "!no_such_overload"),
            ("dyn(1).substring(0)", "!no_such_overload"),
        ])
    func positions(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "searches from either end",
        arguments: [
            ("'hello mellow'.indexOf('')", "0"), ("'hello mellow'.indexOf('ello')", "1"),
            ("'hello mellow'.indexOf('jello')", "-1"), ("'hello mellow'.indexOf('', 2)", "2"),
            ("'hello mellow'.indexOf('ello', 2)", "7"), ("'hello mellow'.indexOf('ello', 20)", "!invalid_value"),
            ("'hello mellow'.indexOf('ello', -1)", "!invalid_value"), ("'hello'.indexOf('o', 5)", "-1"),
            ("'hello'.indexOf('', 5)", "5"), ("''.indexOf('')", "0"), ("''.indexOf('a')", "-1"),
            ("'ta©o©αT'.indexOf('©', 3)", "4"), ("'aaab'.indexOf('aab')", "1"), ("'a'.indexOf('ab')", "-1"),
            ("'hello mellow'.lastIndexOf('')", "12"), ("'hello mellow'.lastIndexOf('ello')", "7"),
            ("'hello mellow'.lastIndexOf('jello')", "-1"), ("'hello mellow'.lastIndexOf('ello', 6)", "1"),
            ("'hello mellow'.lastIndexOf('ello', 20)", "!invalid_value"),
            ("'hello mellow'.lastIndexOf('ello', -1)", "!invalid_value"),
            ("'hello'.lastIndexOf('', 2)", "2"), ("''.lastIndexOf('')", "0"), ("''.lastIndexOf('a')", "-1"),
            ("'ta©o©αT'.lastIndexOf('©')", "4"), ("'ta©o©αT'.lastIndexOf('©', 3)", "2"), ("'ab'.lastIndexOf('ab', 1)", "0"),
            ("'a'.indexOf(1)", "!no_such_overload"), ("'a'.indexOf('a', 0u)", "!no_such_overload"),
        ])
    func searches(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "replacing, splitting and joining",
        arguments: [
            ("'hello hello'.replace('he', 'we')", "\"wello wello\""),
            ("'hello hello'.replace('he', 'we', -1)", "\"wello wello\""),
            ("'hello hello'.replace('he', 'we', 1)", "\"wello hello\""),
            ("'hello hello'.replace('he', 'we', 0)", "\"hello hello\""),
            ("'hello'.replace('', '_')", "\"_h_e_l_l_o_\""), ("'αβ'.replace('', '-')", "\"-α-β-\""),
            ("'abc'.replace('', '_', 2)", "\"_a_bc\""),
            ("'hello hello'.replace('h', '')", "\"ello ello\""), ("'aaa'.replace('aa', 'b')", "\"ba\""),
            ("''.replace('', 'x')", "\"x\""), ("''.replace('a', 'x')", "\"\""), ("'a'.replace('a', 1)", "!no_such_overload"),
            ("'hello hello hello'.split(' ')", "[\"hello\", \"hello\", \"hello\"]"), ("'hello hello'.split(' ', 0)", "[]"),
            ("'hello hello hello'.split(' ', 1)", "[\"hello hello hello\"]"),
            ("'hello hello hello'.split(' ', 2)", "[\"hello\", \"hello hello\"]"),
            ("'hello hello'.split(' ', -1)", "[\"hello\", \"hello\"]"), ("'a,,b,'.split(',')", "[\"a\", \"\", \"b\", \"\"]"),
            ("''.split(',')", "[\"\"]"), ("''.split('')", "[]"), ("'αbγ'.split('')", "[\"α\", \"b\", \"γ\"]"),
            ("'abc'.split('', 2)", "[\"a\", \"bc\"]"), ("'abc'.split('', 1)", "[\"abc\"]"),
            ("'abc'.split('', 9)", "[\"a\", \"b\", \"c\"]"), ("'abc'.split('x')", "[\"abc\"]"),
            ("['x', 'y'].join()", "\"xy\""), ("['x', 'y'].join('-')", "\"x-y\""), ("[].join('-')", "\"\""),
            ("['x'].join('-')", "\"x\""),
            ("['x', 1].join()", "!no_such_overload"), ("['x'].join(1)", "!no_such_overload"), ("'x'.join()", "!no_such_overload"),
        ])
    func pieces(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "transformations",
        arguments: [
            ("'TacoCÆt'.lowerAscii()", "\"tacocÆt\""), ("'TacoCæt'.upperAscii()", "\"TACOCæT\""),
            ("'\\u212A[z'.upperAscii()", "\"\u{212A}[Z\""),
            ("' \\f\\n\\r\\t\\vtext  '.trim()", "\"text\""),
            ("'\\u0085\\u00a0\\u1680\\u2000\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000text\\u3000'.trim()", "\"text\""),
            (
                "'\\u180etext\\u200b\\u200c\\u200d\\u2060\\ufeff'.trim() == '\\u180etext\\u200b\\u200c\\u200d\\u2060\\ufeff'",
                "true"
            ),
            ("'  '.trim()", "\"\""), ("''.trim()", "\"\""), ("'a b'.trim()", "\"a b\""),
            ("'gums'.reverse()", "\"smug\""), ("''.reverse()", "\"\""), ("'e\\u0301x'.reverse() == 'x\\u0301e'", "true"),
            ("strings.quote('first\\nsecond') == '\"first\\\\nsecond\"'", "true"),
            (
                "strings.quote(\"a\\a\\b\\f\\n\\r\\t\\v\\\\\\\"'`?\\u0001é\") == r'\"a\\a\\b\\f\\n\\r\\t\\v\\\\\\\"' + \"'`?\\u0001é\\\"\"",
                "true"
            ),
            ("strings.quote(1)", "!no_such_overload"), ("'a'.quote()", "!unknown_name"), ("trim('a')", "!no_such_overload"),
        ])
    func transformations(_ text: String, _ expected: String) { Self.check(text, expected) }
}
