/// Function calls and operators: which overload fits, and what it gives.
extension ExpressionChecker {
    mutating func check(_ call: CELCall, _ node: CELNode) -> StaticType {
        if let target = call.target, let base = target.qualifiedName {
            // `a.b.f()` is a function `a.b.f`, or else `f` of the value `a.b`.
            let name = "\(base.name).\(call.name)"
            if let found = function(name, isRooted: base.isRooted) {
                return resolve(call, found, target: nil, nameSpan: target.span.lowerBound..<call.nameSpan.upperBound, node)
            }
            if CELDeclarations.namespaces.contains(base.name), local(base.name) == nil, global(base.name, isRooted: true) == nil {
                for argument in call.arguments { _ = check(argument) }
                report(
                    .unknownFunction, "unknown function `\(name)`",
                    hint: Suggestion.hint(for: name, among: CELDeclarations.globalNames), at: call.nameSpan)
                return .error
            }
        }
        guard let found = function(call.name, isRooted: false) else { return reportUnknown(call) }
        return resolve(call, found, target: call.target, nameSpan: call.nameSpan, node)
    }

    private func function(_ name: String, isRooted: Bool) -> (name: String, overloads: [CELOverload])? {
        for candidate in scope.candidates(for: name, isRooted: isRooted) {
            if let overloads = scope.overloads(of: candidate) { return (candidate, overloads) }
        }
        return nil
    }

    private mutating func resolve(
        _ call: CELCall, _ function: (name: String, overloads: [CELOverload]), target: CELNode?, nameSpan: Range<Int>,
        _ node: CELNode
    ) -> StaticType {
        var nodes = call.arguments
        if let target { nodes.insert(target, at: 0) }
        var types = nodes.map { check($0) }
        if CELDeclarations.variadic.contains(function.name), types.count > 2 {
            types = [.list(types.dropFirst().reduce(types[0]) { join($0, $1) })]
        }
        let site = CheckedCall(
            name: function.name, overloads: function.overloads, isMember: target != nil, nodes: nodes, nameSpan: nameSpan,
            span: node.span)
        guard isCallable(site, count: call.arguments.count) else { return .error }
        checkConstant(function.name, call)
        if let result = resolve(site.overloads, isMember: site.isMember, types) { return loosened(result, function.name, types) }
        if !scope.isStrict, let result = lenientResult(function.name, types) { return result }
        reportMismatch(site, types.map { solver.substitute($0, final: true) })
        return .error
    }

    /// An operator, by the name that ``CELDeclarations`` gives it.
    mutating func apply(_ name: String, _ types: [StaticType], _ operands: [CELNode], _ node: CELNode) -> StaticType {
        let overloads = CELDeclarations.operators[name] ?? []
        if let result = resolve(overloads, isMember: false, types) { return loosened(result, name, types) }
        if !scope.isStrict, let result = lenientResult(name, types) { return result }
        reportMismatch(name, types.map { solver.substitute($0, final: true) }, operands, node)
        return Self.givesBool.contains(name) ? .bool : .error
    }

    private static let givesBool: Set<String> = ["!", "==", "!=", "<", "<=", ">", ">=", "in"]

    /// What the overloads that fit give: the result of the one, or `dyn` when several fit and differ.
    mutating func resolve(_ overloads: [CELOverload], isMember: Bool, _ types: [StaticType]) -> StaticType? {
        var result: StaticType?
        let arePlain = types.allSatisfy(\.isPlain)
        for overload in overloads where overload.isMember == isMember && overload.parameters.count == types.count {
            guard let found = outcome(of: overload, types) else { continue }
            // Other forms that also fit could only be told apart by what is not known.
            if arePlain { return found }
            guard let known = result else {
                result = found
                continue
            }
            if case .dyn = known { continue }
            if !solver.isExact(found, known) { result = .dyn }
        }
        return result
    }

    /// What the overload gives; `nil` when it does not take the types.
    private mutating func outcome(of overload: CELOverload, _ types: [StaticType]) -> StaticType? {
        guard overload.isGeneric else { return solver.assign(types, to: overload.parameters) ? overload.result : nil }
        var names: [String: StaticType] = [:]
        let wanted = overload.parameters.map { solver.instantiate($0, &names) }
        let gives = solver.instantiate(overload.result, &names)
        return solver.assign(types, to: wanted) ? solver.substitute(gives) : nil
    }

    /// The result, as far as it holds whatever a `dyn` among the arguments turns out to be.
    ///
    /// The specification takes a `dyn` for what would fit best: `x + ["a"]` is a list of texts, also when `x` holds numbers. What
    /// may work would then be refused further on.
    private mutating func loosened(_ result: StaticType, _ name: String, _ types: [StaticType]) -> StaticType {
        guard !scope.isStrict, types.contains(where: { solver.substitute($0).isDynamic }) else { return result }
        switch (name, result) {
        case ("+", .list): return .list(.dyn)
        case ("orValue", _), ("or", _): return .dyn
        default: return solver.substitute(result, final: true)
        }
    }

    /// What the evaluator makes of types that no declaration covers; `nil` when it never makes a value of them.
    private mutating func lenientResult(_ name: String, _ types: [StaticType]) -> StaticType? {
        let types = types.map { solver.substitute($0, final: true) }
        switch name {
        case "==", "!=": return Self.mayBeEqual(types[0], types[1], isNegated: name == "!=") ? .bool : nil
        case "in":
            guard case .list(let element) = types[1], Self.mayBeEqual(types[0], element, isNegated: false) else { return nil }
            return .bool
        case "?:": return types[0].allows(.bool) ? .dyn : nil
        case "+":
            guard case .list = types[0], case .list = types[1] else { return nil }
            return .list(.dyn)
        case "[]", "[?]":
            guard case .list(let element) = types[0].wrapped ?? types[0], types[1].isNumber else { return nil }
            return types[0].wrapped != nil || name == "[?]" ? .optional(element) : element
        case "orValue": return types[0].wrapped == nil ? nil : .dyn
        case "or": return types[0].wrapped == nil || types[1].wrapped == nil ? nil : .optional(.dyn)
        default: return nil
        }
    }

    /// Whether values of the types can be equal at all; that they differ may be asked of a text and null, which tells a reader
    /// nothing new but is never wrong.
    private static func mayBeEqual(_ left: StaticType, _ right: StaticType, isNegated: Bool) -> Bool {
        if left.isDynamic || right.isDynamic { return true }
        if left.isNumber && right.isNumber { return true }
        if case .null = left { return isNegated || right.mayBeNull }
        if case .null = right { return isNegated || left.mayBeNull }
        return left.type != nil && left.type == right.type
    }
}

extension StaticType {
    /// Whether nothing rules out that the value is null; of a simple type the declaration would say so.
    var mayBeNull: Bool {
        switch self {
        case .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .typeValue, .abstract: false
        default: true
        }
    }
}
