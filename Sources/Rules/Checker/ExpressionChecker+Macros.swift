/// Macros: each is typed as the loop that the specification expands it to.
extension ExpressionChecker {
    mutating func check(_ loop: CELComprehension) -> StaticType {
        let range = check(loop.range)
        if loop.macro.bindsOptional { return checkOptional(loop, range) }
        let variables = elements(of: solver.substitute(range), loop)
        locals += variables
        defer { locals.removeLast(variables.count) }
        let condition = loop.condition.map { check($0) }
        switch loop.macro {
        case .all, .exists, .existsOne:
            requireCondition(condition, loop)
            return .bool
        case .filter:
            return collected(.list(solver.fresh()), "+", [.list(variables[0].type)], condition, loop)
        case .map, .transformList:
            let element = loop.result.map { check($0) } ?? .error
            return collected(.list(solver.fresh()), "+", [.list(element)], condition, loop)
        case .transformMap:
            let value = loop.result.map { check($0) } ?? .error
            return collected(emptyMap(), "cel.@mapInsert", [variables[0].type, value], condition, loop)
        case .transformMapEntry:
            let entries = loop.result.map { check($0) } ?? .error
            return collected(emptyMap(), "cel.@mapInsert", [entries], condition, loop)
        case .optMap, .optFlatMap: return .error
        }
    }

    private mutating func emptyMap() -> StaticType { .map(solver.fresh(), solver.fresh()) }

    /// What each name of the loop is bound to: an element or a key; with two names, an index and an element, or a key and a value.
    private mutating func elements(of range: StaticType, _ loop: CELComprehension) -> [(name: String, type: StaticType)] {
        let types: [StaticType]
        switch range {
        case .list(let element): types = loop.secondVariable == nil ? [element] : [.int, element]
        case .map(let key, let value): types = [key, value]
        case .record: types = [.string, .dyn]
        case .dyn, .error: types = [.dyn, .dyn]
        case .variable:
            // Nothing else may be found out about it later.
            _ = solver.assign(.dyn, to: range)
            types = [.dyn, .dyn]
        default:
            report(
                .typeMismatch, "`\(loop.macro.rawValue)` walks a list or a map, not \(range.title)",
                hint: range.wrapped == nil ? nil : "add `.orValue([])`", at: loop.range.span)
            types = [.error, .error]
        }
        guard let second = loop.secondVariable else { return [(loop.variable, types[0])] }
        return [(loop.variable, types[0]), (second, types[1])]
    }

    private mutating func requireCondition(_ condition: StaticType?, _ loop: CELComprehension) {
        guard let condition, let node = loop.condition else { return }
        requireBool(condition, node, by: "`\(loop.macro.rawValue)`")
    }

    /// The type of what a macro gathers, `empty` at first, when each round applies the operation to it and `parts`.
    private mutating func collected(
        _ empty: StaticType, _ operation: String, _ parts: [StaticType], _ condition: StaticType?, _ loop: CELComprehension
    ) -> StaticType {
        requireCondition(condition, loop)
        let overloads = CELDeclarations.operators[operation] ?? []
        if let grown = resolve(overloads, isMember: false, [empty] + parts), solver.assign(empty, to: grown) {
            return solver.substitute(empty)
        }
        let part = solver.substitute(parts[parts.count - 1], final: true)
        report(
            .typeMismatch, "`\(loop.macro.rawValue)` makes maps, not \(part.title)", hint: "its body is a map such as `{k: v}`",
            at: loop.result?.span ?? loop.range.span)
        return .error
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
