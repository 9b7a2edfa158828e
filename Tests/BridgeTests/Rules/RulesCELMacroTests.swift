import Testing

@testable import Rules

@Suite("rules: macros with two variables, bindings, optionals")
struct RulesCELMacroTests {
    @Test(
        "two variables",
        arguments: [
            ("[1, 2, 3].all(i, v, i < v)", "true"), ("{'hello': 'world', 'taco': 'taco'}.all(k, v, k != v)", "false"),
            ("{'h': ['hello', 'hi'], 'j': ['joke', 'jog']}.all(k, vals, vals.all(v, v.startsWith(k)))", "true"),
            ("{'greeting': 'hello', 'farewell': 'goodbye'}.exists(k, v, k.startsWith('good') || v.endsWith('bye'))", "true"),
            ("[1, 2, 4, 8, 16].exists(i, v, v == 1024 && i == 10)", "false"), ("[0, 1].exists(i, v, 1 / i > 0)", "true"),
            ("[1, 2, 1, 3, 1, 4].existsOne(i, v, i == 1 || v == 1)", "false"),
            ("[1, 1, 2].existsOne(i, v, i == 2 && v == 2)", "true"),
            ("{'i': 0, 'j': 1}.exists_one(k, v, k == 'l' || v == 1)", "true"),
            ("[0, 1].existsOne(i, v, 1 / i > 0)", "!division_by_zero"),
            ("[1, 2, 3].transformList(i, v, (i * v) + v)", "[1, 4, 9]"),
            ("[1, 2, 3].transformList(i, v, i % 2 == 0, (i * v) + v)", "[1, 9]"),
            ("{'greeting': 'hello', 'farewell': 'goodbye'}.transformList(k, _, k)", "[\"greeting\", \"farewell\"]"),
            ("{'greeting': 'hello', 'farewell': 'goodbye'}.transformList(_, v, v)", "[\"hello\", \"goodbye\"]"),
            ("[1, 2, 3].transformMap(i, v, (i * v) + v)", "{0: 1, 1: 4, 2: 9}"),
            ("[1, 2, 3].transformMap(i, v, i % 2 == 0, (i * v) + v)", "{0: 1, 2: 9}"),
            ("{'greeting': 'hello'}.transformMap(k, v, v + '!')", "{\"greeting\": \"hello!\"}"),
            ("{'greeting': 'hello'}.transformMapEntry(k, v, {v: k})", "{\"hello\": \"greeting\"}"),
            ("[1, 2, 3].transformMapEntry(i, v, {v: i})", "{1: 0, 2: 1, 3: 2}"),
            ("[1, 2, 3].transformMapEntry(i, v, v != 2, {v: i, 'k' + string(v): i})", "{1: 0, \"k1\": 0, 3: 2, \"k3\": 2}"),
            ("{'a': 'x', 'b': 'x'}.transformMapEntry(k, v, {v: k})", "!invalid_value"),
            ("[1, 1.0].transformMapEntry(i, v, {int(v): i})", "!invalid_value"), ("[1].transformMapEntry(i, v, {})", "{}"),
            ("[1].transformMapEntry(i, v, v)", "!type"), ("[1].transformMapEntry(i, v, {1.5: v})", "!type"),
            ("dyn(1).transformList(i, v, v)", "!type"),
            ("[1].all(i, v, v)", "!no_such_overload"),
            ("[1].all(i, i, true)", "!syntax"), ("[1].all(i, 2, true)", "!syntax"), ("[1].transformList(i.a, v, v)", "!syntax"),
            ("[1].transformList(i, v)", "!syntax"), ("[1].filter(i, v, true)", "!syntax"),
            ("[1].transformMap(i, v, v, v, v)", "!syntax"),
            ("[[1, 2], [3]].transformList(i, v, v.transformList(j, w, [i, j, w]))", "[[[0, 0, 1], [0, 1, 2]], [[1, 0, 3]]]"),
            ("[7].all(x, v, x == 0 && [x + 5].all(x, w, x == 0 && w == 5))", "true"),
        ])
    func twoVariables(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }

    @Test(
        "cel.bind",
        arguments: [
            ("cel.bind(a, 'hello', cel.bind(b, 'world', a + b + b + a))", "\"helloworldworldhello\""),
            ("cel.bind(x, [1, 2], [2, 3].exists(e, e in x))", "true"), ("cel.bind(x, 1, cel.bind(x, x + 1, x))", "2"),
            ("[1, 2].map(x, cel.bind(y, x * 2, y + x))", "[3, 6]"), ("cel.bind(x, {'y': 1}, x.y)", "1"),
            ("cel.bind(x, n, .x)", "!unknown_name"),
            ("cel.bind(x, n, x + .n)", "6"), ("cel.bind(x, 1/0, true)", "!division_by_zero"),
            ("cel.bind(a.b, 1, true)", "!syntax"),
            ("cel.bind(a, 1)", "!syntax"), ("bind(a, 1, a)", "!unknown_name"), ("x.bind(a, 1, a)", "!unknown_name"),
        ])
    func bindings(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text, ["n": 3]) == expected, "\(text)")
    }

    @Test(
        "optionals",
        arguments: [
            ("optional.of(1)", "optional(1)"), ("optional.none()", "none"), ("optional.ofNonZeroValue(0.0)", "none"),
            ("optional.ofNonZeroValue('')", "none"), ("optional.ofNonZeroValue(duration('0'))", "none"),
            ("optional.ofNonZeroValue(b'a')", "optional(b\"61\")"), ("optional.none().or(optional.of(1)).value()", "1"),
            ("optional.of(1).or(1/0)", "optional(1)"), ("optional.of(1).orValue(1/0)", "1"),
            ("optional.none().or(1)", "!no_such_overload"),
            ("optional.none().value()", "!missing"), ("dyn(1).orValue(2)", "!no_such_overload"),
            ("optional.of(2).optMap(x, x * 2)", "optional(4)"), ("optional.none().optMap(x, x * 2)", "none"),
            ("optional.of({'a': 1}).optFlatMap(m, m.?a)", "optional(1)"), ("optional.of(1).optFlatMap(x, x)", "!type"),
            ("[1, 2].optMap(x, x)", "!type"), ("{'a': 1}[?'a']", "optional(1)"), ("{'a': 1}.?b.c.d", "none"),
            ("[1, 2][?1]", "optional(2)"), ("[1, 2][?2]", "none"), ("[1, 2][?-1]", "none"),
            ("[?optional.of(1), ?optional.none()]", "[1]"),
            ("{?'a': optional.none(), ?'b': optional.of(2)}", "{\"b\": 2}"), ("[?1]", "!type"), ("{?'a': 1}", "!type"),
            ("optional.of([1])[0]", "optional(1)"), ("optional.of([1])[5]", "none"),
            ("optional.of(optional.none()) == optional.none()", "false"),
            ("optional.of(1) == optional.of(1.0)", "true"), ("optional.of(1) == 1", "false"),
            ("type(optional.none())", "optional_type"),
            ("optional.unwrap([optional.of(1), optional.none()])", "[1]"),
            ("[optional.of(1), optional.none()].unwrapOpt()", "[1]"),
            ("optional.unwrap([1])", "!no_such_overload"), ("[1, 2].first()", "optional(1)"), ("[1, 2].last()", "optional(2)"),
            ("[].first()", "none"), ("'ab'.first()", "!no_such_overload"), ("has({'a': 1}.?a)", "true"),
            ("has(optional.none().a)", "false"),
            ("optional.of()", "!no_such_overload"), ("optional.none(1)", "!no_such_overload"),
        ])
    func optionals(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }
}
