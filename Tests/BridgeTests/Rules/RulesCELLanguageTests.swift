import Testing

@testable import Rules

@Suite("rules: the language, by area")
struct RulesCELLanguageTests {
    private static let variables: [String: CELValue] = [
        "a.b": .map(CELMap(texts: [("c", "short")])), "a.b.c": "long", "n": .null, "x": 5,
        "m": .map(CELMap(texts: [("k", 1), ("content-type", "json"), ("a b", 2)])),
    ]

    private static func check(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text, variables) == expected, "\(text)")
    }

    @Test(
        "literals",
        arguments: [
            (#"'\x41\X42\103\u0044\U00000045'"#, "\"ABCDE\""), (#"b'\x41\377\u0041'"#, "!syntax"),
            (#"b'\303\277' == b'ÿ'"#, "true"),
            (#"'\303\277' == 'Ã¿'"#, "true"), (#"'\400'"#, "!syntax"), (#"'\08'"#, "!syntax"), (#"'\x4'"#, "!syntax"),
            (#"'\ud800'"#, "!syntax"), (#"'\U00110000'"#, "!syntax"), (#"'\UFFFFFFFF'"#, "!syntax"), (#"'\u{41}'"#, "!syntax"),
            (#"'\s'"#, "!syntax"), (#"'\'"#, "!syntax"), (#"r'\' + 'a'"#, #""\a""#), (#"R"\"# + #"n""#, #""\n""#),
            (#"rb'a'"#, "!syntax"),
            (#"bR'\x41' == b'\\x41'"#, "true"), (#"br'ÿ'.size()"#, "2"), (#"'''x''x'''"#, "\"x''x\""), (#"'''a"#, "!syntax"),
            ("'a\rb'", "!syntax"), ("'''a\r\nb'''.size()", "4"), ("'a\u{85}b\u{2028}c'.size()", "5"), ("'\u{0}'.size()", "1"),
            ("0xffu", "255u"), ("0xFFFFFFFFFFFFFFFF", "!syntax"), ("-0x8000000000000000", "-9223372036854775808"),
            ("0x", "!syntax"),
            ("18446744073709551615u", "18446744073709551615u"), ("18446744073709551616u", "!syntax"),
            ("-1u", "!no_such_overload"),
            ("007", "7"), ("1e3", "1000.0"), (".5", "0.5"), ("5.", "!syntax"), ("1e", "!syntax"), ("1e400", "!syntax"),
            ("1e-324", "0.0"), ("-1e-400", "-0.0"), ("5e-324", "5e-324"),
            ("1_000", "!syntax"),
            ("-.5e-1", "-0.05"), ("1.5u", "!syntax"), ("[1, 2, ]", "[1, 2]"), ("[,]", "!syntax"), ("{,}", "!syntax"),
            ("[1 2]", "!syntax"),
            ("{'a': 1,}", "{\"a\": 1}"), ("// c\n1 // d", "1"), ("1 // d\r\n+ 1", "2"), ("1 /* c */", "!syntax"),
            ("\u{b}1", "!syntax"),
            ("\u{a0}1", "!syntax"), ("true", "true"), ("True", "!unknown_name"), ("é", "!syntax"),
        ])
    func literals(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "names",
        arguments: [
            ("a.b.c", "\"long\""), ("a.b", "{\"c\": \"short\"}"), ("a.b['c']", "\"short\""), ("a", "!unknown_name"),
            (".a.b.c", "\"long\""),
            ("m.`content-type`", "\"json\""), ("m.`a b`", "2"), ("has(m.`x/y.z`)", "false"), ("`m`", "!syntax"),
            ("m.``", "!syntax"),
            ("m.`a\\nb`", "!syntax"), ("m.`k`()", "!syntax"), ("{'in': 1}.in", "!syntax"), ("{'as': 1}.as", "1"),
            ("as", "!syntax"),
            ("m.null", "!syntax"), ("package(1)", "!syntax"), ("m.package()", "!unknown_name"),
            ("[1].exists(as, true)", "!syntax"),
            ("int", "int"), (".int", "int"), ("type(int) == type", "true"), ("list == type([])", "true"), ("net.IP", "net.IP"),
            ("google.protobuf.Timestamp == type(timestamp(0))", "true"), ("dyn", "!unknown_name"), ("_x", "!unknown_name"),
            ("[6].exists(x, x == 6 && .x == 5)", "true"), ("[6].map(x, [7].map(x, x)[0] + x)", "[13]"),
            ("[{'b': {'c': 1}}].map(a, a.b.c)", "[1]"), ("[1].map(a, .a.b.c)", "[\"long\"]"),
            ("[1].exists(m.k, true)", "!syntax"),
            ("[1].exists('x', true)", "!syntax"), ("[int].map(int, int == type(1))", "[true]"), ("m.k.z", "!type"),
            ("n.z", "!type"),
        ])
    func names(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "has",
        arguments: [
            ("has(m.k)", "true"), ("has(m.z)", "false"), ("has(m.z.y)", "!missing"), ("has(x.y)", "!type"), ("has(n.y)", "!type"),
            ("has([].y)", "!type"), ("has({'a': null}.a)", "true"), ("has(m)", "!syntax"), ("has(m['k'])", "!syntax"),
            ("has()", "!syntax"),
            ("has(m.k, m.z)", "!syntax"), ("has(has(m.k).z)", "!type"), ("has(.m.k)", "true"), ("has({'a': {}}.a.b)", "false"),
            ("!has(m.z) || m.z == 1", "true"), ("has(m.z) && m.z == 1", "false"),
        ])
    func presence(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "maps and lists",
        arguments: [
            ("{1: 'a', 1u: 'b'}", "!invalid_value"), ("{1: 'a', true: 'b', '1': 'c'}.size()", "3"), ("{1.0: 'a'}", "!type"),
            ("{null: 1}", "!type"), ("{[1]: 1}", "!type"), ("{b'a': 1}", "!type"), ("{1: 'a'}[1.0]", "\"a\""),
            ("{1: 'a'}[1.5]", "!missing"),
            ("{1: 'a'}[true]", "!missing"), ("{1: 'a'}[null]", "!missing"),
            ("{18446744073709551615u: 1}[18446744073709551615u]", "1"),
            ("{9223372036854775807: 1}[9223372036854775807u]", "1"), ("{9007199254740993: 1}[9007199254740992.0]", "!missing"),
            ("1.0 in {1u: 1}", "true"), ("0.0/0.0 in [0.0/0.0]", "false"), ("null in [null]", "true"), ("[1] in [[1.0]]", "true"),
            ("'a' in 'abc'", "!no_such_overload"), ("1 in {'a': 1}", "false"), ("[1, 2][1u]", "2"), ("[1, 2][1.0]", "2"),
            ("[1, 2][0.5]", "!type"), ("[1, 2][-1]", "!missing"), ("[1][9223372036854775807]", "!missing"),
            ("[1][18446744073709551615u]", "!missing"), ("[1][1e300]", "!type"), ("[1]['0']", "!type"), ("'abc'[0]", "!type"),
            ("{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1u}", "true"), ("{'a': 1} == {'a': 1, 'b': 2}", "false"),
            ("[1, 2] == [1, 2, 3]", "false"),
            ("[[1.0], {'a': [2u]}] == [[1], {'a': [2]}]", "true"), ("[] + [1]", "[1]"), ("[1] + 1", "!no_such_overload"),
            ("{} + {}", "!no_such_overload"), ("[1] < [2]", "!no_such_overload"), ("{'a': 1}.map(k, k)", "[\"a\"]"),
            ("{'a': 1, 'b': 2}.filter(k, k == 'b')", "[\"b\"]"), ("[1, 2].map(x, x > 1, x * 2)", "[4]"),
            ("[1].filter(x, x)", "!no_such_overload"),
            ("[1, 2].exists_one(x, x > 1)", "true"), ("[1, 0].all(x, 1 / x > 5)", "false"),
            ("[0, 1].exists(x, 1 / x == 1)", "true"),
            ("[0, 2].exists(x, 1 / x == 1)", "!division_by_zero"), ("dyn('abc').all(c, true)", "!type"),
            ("[m.z, 1].size()", "!missing"),
        ])
    func aggregates(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "conversions",
        arguments: [
            ("int('-9223372036854775808')", "-9223372036854775808"), ("int('9223372036854775808')", "!invalid_value"),
            ("int('')", "!invalid_value"), ("int('1.0')", "!invalid_value"), ("int(' 1')", "!invalid_value"),
            ("int('１')", "!invalid_value"),
            ("int(9223372036854775807.0)", "!overflow"), ("int(9223372036854774784.0)", "9223372036854774784"),
            ("int(-9223372036854775808.0)", "!overflow"), ("int(-9223372036854774784.0)", "-9223372036854774784"),
            ("int(-0.9)", "0"),
            ("int(1.0/0.0)", "!overflow"), ("int(true)", "!no_such_overload"), ("int(null)", "!no_such_overload"),
            ("uint('+1')", "!invalid_value"), ("uint('-0')", "!invalid_value"), ("uint(-0.5)", "!overflow"), ("uint(-0.0)", "0u"),
            ("uint(18446744073709551616.0)", "!overflow"), ("double('1e400')", "!invalid_value"), ("double('1e-400')", "0.0"),
            ("double('.5')", "0.5"),
            ("double('-.5e1')", "-5.0"),
            ("double('abc')", "!invalid_value"), ("double('')", "!invalid_value"), ("double('1 ')", "!invalid_value"),
            ("double('NaN') == double('NaN')", "false"), ("double('-Infinity')", "-Inf"), ("double(true)", "!no_such_overload"),
            ("string(1u)", "\"1\""), ("string(-0.5)", "\"-0.5\""), ("string(b'\\xc3\\xbf')", "\"ÿ\""),
            ("string([])", "!no_such_overload"),
            ("string(type(1))", "!no_such_overload"), ("bytes(1)", "!no_such_overload"), ("bool('t')", "true"),
            ("bool('F')", "false"),
            ("bool('yes')", "!invalid_value"), ("bool(1)", "!no_such_overload"), ("type(dyn(1))", "int"), ("dyn(null)", "null"),
            ("timestamp(0) == timestamp('1970-01-01T00:00:00Z')", "true"),
            ("timestamp(-62135596800)", "timestamp(0001-01-01T00:00:00Z)"),
            ("timestamp(253402300799)", "timestamp(9999-12-31T23:59:59Z)"), ("timestamp(9223372036854775807)", "!overflow"),
            ("timestamp('0001-01-01T00:00:00+00:01')", "!invalid_value"),
            ("timestamp('9999-12-31T23:59:59-00:01')", "!invalid_value"),
            ("timestamp('2023-02-30T00:00:00Z')", "!invalid_value"), ("timestamp('2023-01-01T24:00:00Z')", "!invalid_value"),
            ("timestamp('2023-01-01 00:00:00Z')", "!invalid_value"), ("timestamp('2023-01-01T00:00:00')", "!invalid_value"),
            ("timestamp('2023-01-01')", "!invalid_value"), ("timestamp('1972-06-30T23:59:60Z')", "!invalid_value"),
            ("timestamp(1.0)", "!no_such_overload"), ("int(timestamp('1969-12-31T23:59:58.5Z'))", "-2"),
            ("string(timestamp('2023-01-01T01:30:00.120+02:30'))", "\"2022-12-31T23:00:00.12Z\""),
            ("duration('1h1m1s1ms1us1ns')", "duration(3661.001001001s)"), ("duration('-1.5h')", "duration(-5400s)"),
            ("duration('0')", "duration(0s)"),
            ("duration('')", "!invalid_value"), ("duration('1')", "!invalid_value"), ("duration('1d')", "!invalid_value"),
            ("duration('1h-1m')", "!invalid_value"), ("duration('.s')", "!invalid_value"),
            ("duration('9223372036.854775807s')", "duration(9223372036.854775807s)"),
            ("duration('9223372036.854775808s')", "!invalid_value"), ("duration(1)", "!no_such_overload"),
        ])
    func conversions(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test(
        "dates and spans",
        arguments: [
            ("timestamp('2009-02-13T23:31:30Z').getHours('+00:30')", "0"),
            ("timestamp('2009-02-13T23:31:30Z').getMinutes('-00:45')", "46"),
            ("timestamp('2024-12-31T00:00:00Z').getDayOfYear()", "365"),
            ("timestamp('2023-12-31T00:00:00Z').getDayOfYear()", "364"),
            ("timestamp('0001-01-01T00:00:00Z').getFullYear('-01:00')", "0"),
            ("timestamp('9999-12-31T23:59:59Z').getFullYear('+01:00')", "10000"),
            ("timestamp('1600-02-29T00:00:00Z').getDate()", "29"),
            ("timestamp('1969-12-31T23:59:59.999Z').getMilliseconds()", "999"),
            ("timestamp('2023-01-01T00:00:00Z').getHours('')", "!invalid_value"),
            ("timestamp(0).getHours(1)", "!no_such_overload"),
            ("timestamp(0).getHours('UTC')", "0"), ("duration('-90m').getHours()", "-1"),
            ("duration('-1.5s').getMilliseconds()", "-500"),
            ("duration('1s').getDate()", "!no_such_overload"), ("duration('1s').getHours('UTC')", "!no_such_overload"),
            ("duration('1h') + timestamp(0)", "timestamp(1970-01-01T01:00:00Z)"),
            ("duration('1h') - timestamp(0)", "!no_such_overload"),
            ("timestamp(0) + timestamp(0)", "!no_such_overload"), ("-duration('1s')", "!no_such_overload"),
            ("duration('1s') * 2", "!no_such_overload"),
            ("timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", "!overflow"),
            ("timestamp('2262-04-11T23:47:16.854775807Z') - timestamp(0)", "duration(9223372036.854775807s)"),
            ("timestamp('2262-04-11T23:47:16.854775808Z') - timestamp(0)", "!overflow"),
            ("timestamp(1) > timestamp(0) && duration('2s') >= duration('1s')", "true"),
        ])
    func time(_ text: String, _ expected: String) { Self.check(text, expected) }

    @Test("nesting of 32 is read, and far too much is refused")
    func nesting() {
        func nest(_ open: String, _ inner: String, _ close: String, _ count: Int) -> String {
            String(repeating: open, count: count) + inner + String(repeating: close, count: count)
        }
        let forms: [(String, String, String)] = [
            ("(", "1", ")"), ("[", "1", "]"), ("{0: ", "1", "}"), ("dyn(", "1", ")"), ("[1][", "0", "]"), ("!", "true", ""),
            ("-", "x", ""),
            ("true ? 1 : ", "2", ""), ("", "m", ".?a"), ("", "[0]", "[?0]"), ("1 + (", "1", ")"), ("optional.of(", "1", ")"),
            ("cel.bind(x, 1, ", "x", ")"), ("", "'a'", ".trim()"), ("true && (", "true", ")"),
        ]
        for (open, inner, close) in forms {
            #expect(
                RulesExpressionOutcome.of(nest(open, inner, close, 32), Self.variables).hasPrefix("!syntax") == false,
                "\(open)\(close)")
            #expect(RulesExpressionOutcome.of(nest(open, inner, close, 500), Self.variables) == "!syntax", "\(open)\(close)")
        }
        for text in ["true || ", "true && ", "1 + ", "1 * "] {
            #expect(
                RulesExpressionOutcome.of(String(repeating: text, count: 100) + (text.hasPrefix("t") ? "true" : "1")) != "!syntax"
            )
        }
    }
}
