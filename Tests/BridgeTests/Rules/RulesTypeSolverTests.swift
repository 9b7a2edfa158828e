import Testing

@testable import Rules

@Suite("rules: unification of types")
struct RulesTypeSolverTests {
    /// A solver behind a reference, so that expectations can ask it.
    private final class Asked {
        private var solver = TypeSolver()

        func fresh() -> StaticType { solver.fresh() }
        func fits(_ types: [StaticType], _ wanted: [StaticType]) -> Bool { solver.assign(types, to: wanted) }
        func fits(_ type: StaticType, _ wanted: StaticType) -> Bool { solver.assign(type, to: wanted) }
        func text(_ type: StaticType) -> String { solver.substitute(type, final: true).text }
        func mostGeneral(_ left: StaticType, _ right: StaticType) -> String { solver.mostGeneral(left, right).text }
    }

    @Test(
        "what fits where",
        arguments: [
            ("int", "int", true), ("int", "uint", false), ("int", "dyn", true), ("dyn", "int", true), ("error", "int", true),
            ("null_type", "int", false), ("null_type", "wrapper(int)", true), ("wrapper(int)", "null_type", true),
            ("wrapper(int)", "int", true), ("int", "wrapper(int)", true), ("wrapper(int)", "wrapper(uint)", false),
            ("null_type", "timestamp", true), ("null_type", "duration", true), ("null_type", "string", false),
            ("null_type", "abstract(optional_type, int)", true), ("list(int)", "list(int)", true),
            ("list(int)", "list(uint)", false), ("list(int)", "list(dyn)", true), ("list(dyn)", "list(int)", true),
            ("list(list(int))", "list(list(string))", false), ("map(string, int)", "map(string, int)", true),
            ("map(string, int)", "map(int, int)", false), ("map(string, int)", "list(int)", false),
            ("type(int)", "type(string)", true), ("type", "type(int)", true), ("type(int)", "int", false),
            ("abstract(optional_type, int)", "abstract(optional_type, int)", true),
            ("abstract(optional_type, int)", "abstract(optional_type, string)", false),
            ("abstract(net.IP)", "abstract(net.CIDR)", false), ("abstract(net.IP)", "abstract(net.IP)", true),
        ])
    func fits(_ type: String, _ wanted: String, _ expected: Bool) throws {
        #expect(try Asked().fits(RulesTypeText.type(type), RulesTypeText.type(wanted)) == expected)
    }

    /// Types with parameters are given to a function of parameters of those types, one after the other.
    @Test(
        "what parameters are found to be",
        arguments: [
            (["param(A)"], ["int"], "int"), (["param(A)", "param(A)"], ["int", "int"], "int"),
            (["param(A)", "param(A)"], ["int", "dyn"], "dyn"), (["param(A)", "param(A)"], ["dyn", "int"], "dyn"),
            (["param(A)", "param(A)"], ["int", "string"], nil),
            (["param(A)", "param(A)"], ["null_type", "wrapper(int)"], "wrapper(int)"),
            (["param(A)", "param(A)"], ["wrapper(int)", "null_type"], "wrapper(int)"),
            (["param(A)", "param(A)"], ["int", "wrapper(int)"], "wrapper(int)"),
            (["param(A)", "param(A)"], ["null_type", "timestamp"], "timestamp"),
            (["param(A)", "list(param(A))"], ["int", "list(int)"], "int"),
            (["param(A)", "list(param(A))"], ["int", "list(dyn)"], "dyn"),
            (["param(A)", "list(param(A))"], ["int", "list(string)"], nil),
            (["list(param(A))", "list(param(A))"], ["list(param(X))", "list(int)"], "int"),
            (["param(A)", "map(param(A), param(B))"], ["string", "map(string, int)"], "string"),
            (["param(A)", "list(param(A))"], ["param(X)", "param(X)"], nil),
        ] as [([String], [String], String?)])
    func parameters(_ wanted: [String], _ types: [String], _ expected: String?) throws {
        var solver = TypeSolver()
        var formal: [String: StaticType] = [:]
        var actual: [String: StaticType] = [:]
        let wanted = try wanted.map { solver.instantiate(try RulesTypeText.type($0), &formal) }
        let types = try types.map { solver.instantiate(try RulesTypeText.type($0), &actual) }
        let fits = solver.assign(types, to: wanted)
        #expect(fits == (expected != nil))
        let first = try #require(formal["A"])
        let found = solver.substitute(first, final: true)
        if let expected { #expect(found.text == expected) }
    }

    @Test("an attempt that fails leaves no trace")
    func rollback() {
        let solver = Asked()
        let first = solver.fresh()
        let second = solver.fresh()
        #expect(!solver.fits([.int, .string], [first, .int]))
        #expect(solver.fits(.string, first))
        #expect(!solver.fits([.list(second), .bool], [.list(.int), .int]))
        #expect(solver.text(second) == "dyn")
        #expect(solver.text(first) == "string")
    }

    @Test("a type is never a part of itself")
    func occurs() {
        let solver = Asked()
        let variable = solver.fresh()
        #expect(!solver.fits(.list(variable), variable))
        #expect(!solver.fits(variable, .map(.string, .list(variable))))
        let other = solver.fresh()
        #expect(solver.fits(other, .list(variable)))
        #expect(!solver.fits(variable, .list(other)))
    }

    @Test("a record is itself, fits a map with text keys, and no other record")
    func records() {
        let record = StaticType.record(title: "a", fields: [("x", .int)])
        let other = StaticType.record(title: "a", fields: [("x", .int)])
        let solver = Asked()
        #expect(solver.fits(record, record))
        #expect(!solver.fits(record, other))
        #expect(solver.fits(record, .map(.string, .dyn)))
        #expect(solver.fits(.map(.string, .int), record))
        #expect(!solver.fits(record, .map(.int, .dyn)))
        #expect(!solver.fits(record, .list(.dyn)))
        #expect(solver.mostGeneral(record, .map(.string, .dyn)) == "map(string, dyn)")
    }

    @Test("types that grow exponentially end as a finding")
    func exponential() throws {
        var text = "a39 == a39"
        for level in stride(from: 39, through: 1, by: -1) {
            text = "cel.bind(a\(level), {a\(level - 1): a\(level - 1)}, \(text))"
        }
        text = "cel.bind(a0, {1: 1}, \(text))"
        let (type, problems) = ExpressionChecker.check(try CELExpression(text), scope: ExpressionScope(names: []))
        #expect(type.text == "bool" || type.text == "dyn")
        #expect(problems.map(\.code) == [.expressionTooLarge])
    }

    @Test("the largest expressions of plain operators are well within the limit")
    func largest() throws {
        let scope = ExpressionScope(names: [("x", .dyn), ("l", .list(.dyn))])
        for (part, joint) in [("x < x", " && "), ("x + x == x", " || "), ("l[0] in [x]", " && "), ("[] == [[]]", " || ")] {
            let text = Array(repeating: part, count: 300).joined(separator: joint)
            let (_, problems) = ExpressionChecker.check(try CELExpression(text), scope: scope)
            #expect(problems.isEmpty, "\(part)")
        }
    }
}
