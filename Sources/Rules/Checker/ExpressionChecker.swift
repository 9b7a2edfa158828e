/// Finds the type of an expression, and what in it would fail on every event: unknown names, fields and functions, and types
/// that do not fit.
///
/// The algorithm is cel-go's (checker/checker.go at 14f6746), so that the deduced types are those of the conformance tests.
/// Whatever is not known has the type `dyn`, on which every operation is allowed: an expression that may work is not refused.
struct ExpressionChecker {
    let scope: ExpressionScope
    /// Where the zones that the expression names are looked up; without, constants are not judged.
    let zones: TimeZoneCatalog?
    var solver = TypeSolver()
    private(set) var problems: [ExpressionProblem] = []
    /// Names that macros bind, innermost last.
    var locals: [(name: String, type: StaticType)] = []
    /// The scope's names, with the parameters of their types replaced by variables.
    private var globals: [String: StaticType] = [:]

    private init(scope: ExpressionScope, zones: TimeZoneCatalog?) {
        self.scope = scope
        self.zones = zones
        var parameters: [String: StaticType] = [:]
        for (name, type) in scope.names { globals[name] = solver.instantiate(type, &parameters) }
    }

    /// Checks an expression and says what type its value has.
    ///
    /// - Parameters:
    ///   - expression: bounded in size and depth by the parser, which bounds the recursion here.
    ///   - scope: the names that it may use.
    ///   - zones: where time zones are looked up; `nil` leaves constants unjudged.
    /// - Returns: the type, without variables, and everything that was found.
    static func check(
        _ expression: CELExpression, scope: ExpressionScope, zones: TimeZoneCatalog? = nil
    ) -> (type: StaticType, problems: [ExpressionProblem]) {
        var checker = ExpressionChecker(scope: scope, zones: zones)
        let type = checker.check(expression.root)
        let final = checker.solver.substitute(type, final: true)
        if checker.solver.isExhausted {
            checker.report(
                .expressionTooLarge, "the types of the expression's values are too large to be checked",
                hint: "split it into several conditions", at: expression.root.span)
        }
        return (final, checker.problems)
    }

    mutating func report(_ code: DiagnosticCode, _ message: String, hint: String? = nil, at span: Range<Int>) {
        problems.append(ExpressionProblem(code: code, message: message, hint: hint, span: span))
    }

    /// The type of the node's value; variables in it may still be unbound.
    mutating func check(_ node: CELNode) -> StaticType {
        switch node.kind {
        case .literal(let value): return value.isNull ? .null : StaticType(of: value)
        case .identifier(let name, let isRooted): return checkName(name, isRooted: isRooted, node)
        case .select(let selection): return check(selection, node)
        case .index(let operand, let index, let isOptional): return checkElement(operand, index, isOptional, node)
        case .call(let call): return check(call, node)
        case .list(let elements): return check(elements)
        case .map(let elements): return check(elements)
        case .conditional(let condition, let then, let otherwise):
            let types = [check(condition), check(then), check(otherwise)]
            return apply("?:", types, [condition, then, otherwise], node)
        case .and(let operands): return checkLogic(operands, "`&&`")
        case .or(let operands): return checkLogic(operands, "`||`")
        case .not(let operand): return apply("!", [check(operand)], [operand], node)
        case .negate(let operand): return apply("-x", [check(operand)], [operand], node)
        case .binary(let name, let left, let right):
            let types = [check(left), check(right)]
            if name == .equal || name == .notEqual { checkStatus(left, right) }
            return apply(name.rawValue, types, [left, right], node)
        case .comprehension(let loop): return check(loop)
        case .binding(let binding):
            locals.append((binding.name, check(binding.value)))
            defer { locals.removeLast() }
            return check(binding.body)
        }
    }

    /// `&&` and `||` report each operand by itself.
    private mutating func checkLogic(_ operands: [CELNode], _ title: String) -> StaticType {
        for operand in operands { requireBool(check(operand), operand, by: title) }
        return .bool
    }

    mutating func requireBool(_ type: StaticType, _ node: CELNode, by operation: String) {
        guard !solver.assign(type, to: .bool) else { return }
        let type = solver.substitute(type, final: true)
        report(
            .typeMismatch, "\(operation) takes true or false, not \(type.title)", hint: comparisonHint(type, node), at: node.span)
    }

    // MARK: - Lists and maps

    private mutating func check(_ elements: [CELListElement]) -> StaticType {
        var joined: StaticType?
        for element in elements {
            let type = checkPart(element.value, isOptional: element.isOptional)
            joined = join(joined, type)
        }
        return .list(joined ?? solver.fresh())
    }

    private mutating func check(_ elements: [CELMapElement]) -> StaticType {
        var key: StaticType?
        var value: StaticType?
        for element in elements {
            key = join(key, check(element.key))
            value = join(value, checkPart(element.value, isOptional: element.isOptional))
        }
        return .map(key ?? solver.fresh(), value ?? solver.fresh())
    }

    /// An element; with `?` before it, what the optional holds.
    private mutating func checkPart(_ node: CELNode, isOptional: Bool) -> StaticType {
        let type = check(node)
        guard isOptional else { return type }
        let known = solver.substitute(type)
        if let inner = known.wrapped { return inner }
        if !known.isDynamic {
            report(
                .typeMismatch, "`?` before an element takes an optional, not \(known.title)",
                hint: "an optional comes from `.?`, such as `event.labels.?name`", at: node.span)
        }
        return known
    }

    /// The type of elements of both types: the more general one, else `dyn`.
    mutating func join(_ previous: StaticType?, _ type: StaticType) -> StaticType {
        guard let previous else { return type }
        return solver.assign(previous, to: type) ? solver.mostGeneral(previous, type) : .dyn
    }

    /// What the scope says of a name that may be a chain, `a.b`; names of types are values, too.
    func global(_ name: String, isRooted: Bool) -> StaticType? {
        for candidate in scope.candidates(for: name, isRooted: isRooted) {
            if let known = globals[candidate] { return known }
            if let type = CELDeclarations.typeNames[candidate] { return .typeValue(type) }
        }
        return nil
    }
}

extension CELValue {
    var isNull: Bool {
        if case .null = self { return true }
        return false
    }
}
