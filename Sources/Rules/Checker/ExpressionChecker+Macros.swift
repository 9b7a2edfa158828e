/// Macros: each is typed as the loop that the specification expands it to.
extension ExpressionChecker {
    mutating func check(_ loop: CELComprehension) -> StaticType {
        let range = check(loop.range)
        if loop.macro == .optMap || loop.macro == .optFlatMap { return checkOptional(loop, range) }
        let variables = elements(of: solver.substitute(range), loop)
        locals += variables
        defer { locals.removeLast(variables.count) }
        let condition = loop.condition.map { check($0) }
        switch loop.macro {
        case .all, .exists, .existsOne:
            requireCondition(condition, loop)
            return .bool
        case .filter: return collected(.list(solver.fresh()), .list(variables[0].type), condition, loop)
        default:
            guard let result = loop.result else { return .error }
            return collected(.list(solver.fresh()), .list(check(result)), condition, loop)
        }
    }

    /// What each name of the loop is bound to.
    private mutating func elements(of range: StaticType, _ loop: CELComprehension) -> [(name: String, type: StaticType)] {
        switch range {
        case .list(let element): return [(loop.variable, element)]
        case .map(let key, _): return [(loop.variable, key)]
        case .record: return [(loop.variable, .string)]
        case .dyn, .error: return [(loop.variable, .dyn)]
        case .variable:
            // Nothing else may be found out about it later.
            _ = solver.assign(.dyn, to: range)
            return [(loop.variable, .dyn)]
        default:
            report(
                .typeMismatch, "`\(loop.macro.rawValue)` walks a list or a map, not \(range.title)",
                hint: range.wrapped == nil ? nil : "add `.orValue([])`", at: loop.range.span)
            return [(loop.variable, .error)]
        }
    }

    private mutating func requireCondition(_ condition: StaticType?, _ loop: CELComprehension) {
        guard let condition, let node = loop.condition else { return }
        requireBool(condition, node, by: "`\(loop.macro.rawValue)`")
    }

    /// The type of what a macro gathers, `empty` at first, when it adds `part` in each round.
    private mutating func collected(
        _ empty: StaticType, _ part: StaticType, _ condition: StaticType?, _ loop: CELComprehension
    ) -> StaticType {
        requireCondition(condition, loop)
        guard let sum = resolve(CELDeclarations.operators["+"] ?? [], isMember: false, [empty, part]),
            solver.assign(empty, to: sum)
        else { return .list(.dyn) }
        return solver.substitute(empty)
    }

    /// `optMap` and `optFlatMap`: a choice between the body, with the optional's value bound, and an empty optional.
    private mutating func checkOptional(_ loop: CELComprehension, _ range: StaticType) -> StaticType {
        let known = solver.substitute(range)
        let inner: StaticType
        if let value = resolve(CELDeclarations.optionals["value"] ?? [], isMember: true, [known]) {
            inner = value
        } else {
            report(
                .typeMismatch, "`\(loop.macro.rawValue)` takes an optional, not \(known.title)",
                hint: "an optional comes from `.?`, such as `event.labels.?name`", at: loop.range.span)
            inner = .error
        }
        locals.append((loop.variable, inner))
        defer { locals.removeLast() }
        guard let body = loop.result else { return .error }
        let result = check(body)
        let some = loop.macro == .optMap ? .optional(result) : result
        let none = StaticType.optional(solver.fresh())
        if let choice = resolve(CELDeclarations.operators["?:"] ?? [], isMember: false, [.bool, some, none]) { return choice }
        let made = solver.substitute(result, final: true)
        report(
            .typeMismatch, "`optFlatMap` makes an optional, not \(made.title)", hint: "use `optMap`", at: body.span)
        return .error
    }
}
