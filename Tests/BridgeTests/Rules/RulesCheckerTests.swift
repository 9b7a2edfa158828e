import Testing

@testable import Rules

@Suite("rules: the types of expressions")
struct RulesCheckerTests {
    private static let record = StaticType.record(
        title: "`r`",
        fields: [("name", .string), ("size", .int), ("inner", .record(title: "`r.inner`", fields: [("x", .double)]))])

    private static let names: [(name: String, type: StaticType)] = [
        ("b", .bool), ("i", .int), ("u", .uint), ("d", .double), ("s", .string), ("y", .bytes), ("t", .timestamp),
        ("p", .duration), ("x", .dyn), ("n", .wrapper(.int)), ("l", .list(.string)), ("m", .map(.string, .int)),
        ("o", .optional(.string)), ("ol", .optional(.list(.int))), ("r", record), ("a.b", .int), ("c.d.e", .string),
    ]

    private func type(_ text: String, isStrict: Bool = true) throws -> String {
        let scope = ExpressionScope(names: Self.names, isStrict: isStrict)
        let (type, problems) = ExpressionChecker.check(try CELExpression(text), scope: scope)
        return problems.isEmpty ? type.text : "refused"
    }

    @Test(
        "as the specification deduces them",
        arguments: [
            // Literals
            ("null", "null_type"), ("[]", "list(dyn)"), ("{}", "map(dyn, dyn)"), ("[1, 2u]", "list(dyn)"),
            ("[1, x]", "list(dyn)"),
            ("[[], [1]]", "list(list(int))"), ("{'a': 1, 'b': 2.0}", "map(string, dyn)"), ("[t, null]", "list(timestamp)"),
            ("[null, n]", "list(wrapper(int))"), ("[?o]", "list(string)"), ("{?'k': o}", "map(string, string)"),
            // Operators
            ("i + 1", "int"), ("t + p", "timestamp"), ("t - t", "duration"), ("l + ['x']", "list(string)"), ("-d", "double"),
            ("x + 1", "int"), ("x + x", "dyn"), ("i < d && d >= u", "bool"), ("n + 1", "int"), ("n == null", "bool"),
            ("'a' in l", "bool"), ("'a' in m", "bool"), ("'a' in r", "bool"), ("b ? 1 : x", "dyn"), ("b ? [] : [1]", "list(int)"),
            // Fields and elements
            ("l[0]", "string"), ("m['a']", "int"), ("m.a", "int"), ("r.name", "string"), ("r['size']", "int"),
            ("r.inner.x", "double"),
            ("r[s]", "dyn"), ("x.a.b[0]", "dyn"), ("has(r.name)", "bool"), ("m.?a", "abstract(optional_type, int)"),
            ("ol[0]", "abstract(optional_type, int)"), ("l[?0]", "abstract(optional_type, string)"),
            ("r.?inner.x", "abstract(optional_type, double)"), ("a.b", "int"), ("c.d.e", "string"), (".c.d.e", "string"),
            // Functions
            ("size(l)", "int"), ("type(1)", "type(int)"), ("type(int)", "type(type(int))"), ("int", "type(int)"),
            ("type(x) == string", "bool"), ("dyn(1)", "dyn"), ("o.orValue('z')", "string"),
            ("optional.none()", "abstract(optional_type, dyn)"),
            ("s.split(',')", "list(string)"), ("math.greatest(1, 2)", "int"), ("math.greatest(1, 2.0, 3u)", "dyn"),
            ("math.least([1.0, 2.0])", "double"), ("ip('::1')", "abstract(net.IP)"), ("ip('::1').family()", "int"),
            ("cidr('10.0.0.0/8').masked()", "abstract(net.CIDR)"), ("string(ip('::1'))", "string"), ("base64.decode(s)", "bytes"),
            ("l.first()", "abstract(optional_type, string)"), ("optional.unwrap([o])", "list(string)"),
            // Macros
            ("l.map(e, e.size())", "list(int)"), ("l.map(e, e != '', 1.0)", "list(double)"), ("m.map(k, k)", "list(string)"),
            ("l.filter(e, e != '')", "list(string)"), ("x.map(e, e)", "list(dyn)"), ("[].map(e, e)", "list(dyn)"),
            ("l.exists(e, e == s)", "bool"), ("l.all(k, v, k > 0 && v != '')", "bool"), ("r.all(k, v, k != '')", "bool"),
            ("l.transformList(k, v, k)", "list(int)"), ("m.transformMap(k, v, v + 1)", "map(string, int)"),
            ("m.transformMapEntry(k, v, {v: k})", "map(int, string)"), ("l.transformMap(k, v, v)", "map(int, string)"),
            ("o.optMap(e, e.size())", "abstract(optional_type, int)"), ("o.optFlatMap(e, m[?e])", "abstract(optional_type, int)"),
            ("cel.bind(z, i + 1, [z])", "list(int)"), ("l.map(l, l + '!')", "list(string)"), ("l.map(a, a)", "list(string)"),
            ("l.map(e, [e].map(f, e + f))", "list(list(string))"),
        ])
    func deduced(_ text: String, _ expected: String) throws {
        #expect(try type(text) == expected)
    }

    /// No declaration covers these, but the evaluator gives a value; a rule file may use them.
    @Test(
        "what may work is refused only by the letter of the specification",
        arguments: [
            ("i == d", "bool"), ("d != 1", "bool"), ("i in [1.0]", "bool"), ("[1] == ['a']", "bool"), ("b ? 1 : 'a'", "dyn"),
            ("[1] + ['a']", "list(dyn)"), ("l[0u]", "string"), ("l[?0.0]", "abstract(optional_type, string)"),
            ("o.orValue(0)", "dyn"),
            ("o.or(optional.of(1))", "abstract(optional_type, dyn)"), ("s != null", "bool"), ("m == r", "bool"),
            ("cel.bind(q, x.value(), q == 'a' || q == 1)", "bool"), ("(x + ['a'])[0] > 5", "bool"),
            ("x.orValue('a') > 5", "bool"),
        ])
    func lenient(_ text: String, _ expected: String) throws {
        #expect(try type(text, isStrict: false) == expected)
        if text != "m == r" { #expect(try type(text) == "refused") }
    }

    @Test(
        "what never works is refused",
        arguments: [
            "s == 1", "s < 1", "i + d", "i + s", "!s", "-s", "-u", "b + b", "s in [1]", "s in s", "1 in m", "m[1]", "l['a']",
            "s[0]",
            "s.x", "o == 'a'", "r.nme", "i && b", "b ? 1", "i ? 1 : 2", "f(1)", "s.f()", "size(i)", "size()", "s.size(1)",
            "s.contains(1)",
            "l.all(e, e)", "l.filter(e, 1)", "i.all(e, true)", "math.sqrt(s)", "math.nope(1)", "int(l)", "t + t", "s.getHours()",
            "m.transformMapEntry(k, v, v)", "s.optMap(e, e)", "o.optFlatMap(e, e)", "[?s]", "unknown", "unknown.x", "l.map(e, f)",
            "isIP(cidr('10.0.0.0/8'))", "s == null", "orValue(o, 's')", "s.double()",
        ])
    func refused(_ text: String) {
        #expect(throws: (any Error).self) {
            if try type(text, isStrict: false) == "refused" { throw Refused() }
        }
    }

    private struct Refused: Error {}

    @Test(
        "a name is looked for in its container, the longest first; a leading dot means the outermost; a macro's name hides others",
        arguments: [
            ("x", "string"), (".x", "int"), ("y", "bytes"), ("p.x", "double"), ("a.b.p.x", "double"),
            ("[1].map(x, x)", "list(int)"),
            ("['s'].map(x, .x)", "list(int)"), ("[{'x': 1u}].map(p, p.x)", "list(uint)"), ("f(1)", "bool"), ("b.g()", "uint"),
            ("b.p.h('')", "double"),
        ])
    func containers(_ text: String, _ expected: String) throws {
        let scope = ExpressionScope(
            names: [("x", .int), ("a.x", .uint), ("a.b.x", .string), ("y", .double), ("a.y", .bytes), ("a.b.p.x", .double)],
            functions: [
                "a.f": [CELOverload([.int], .bool)], "f": [CELOverload([.int], .string)], "a.b.g": [CELOverload([], .uint)],
                "a.b.p.h": [CELOverload([.string], .double)],
            ], container: "a.b", isStrict: true)
        let (type, problems) = ExpressionChecker.check(try CELExpression(text), scope: scope)
        #expect(problems.map(\.message) == [])
        #expect(type.text == expected)
    }

    @Test("every function of the evaluator is declared, with as many arguments, and the other way round")
    func declarations() {
        for function in CELFunction.allCases {
            let overloads = CELDeclarations.functions[function.rawValue] ?? []
            for (isMember, arity) in [(true, function.memberArity), (false, function.globalArity)] {
                let counts = overloads.filter { $0.isMember == isMember }.map(\.argumentCount)
                if CELDeclarations.variadic.contains(function.rawValue), !isMember { continue }
                #expect(counts.min() == arity?.lowerBound, "\(function)")
                #expect(counts.max() == arity?.upperBound, "\(function)")
            }
        }
        for name in CELDeclarations.functions.keys where CELLexer.isIdentifierStart(name.utf8.first ?? 0) {
            #expect(name == "in" || name == "cel.@mapInsert" || CELFunction(rawValue: name) != nil, "\(name)")
        }
    }
}
