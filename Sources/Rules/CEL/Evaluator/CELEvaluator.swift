/// Evaluates an expression by walking its tree.
///
/// Pure and total: it ends with a value or a failure within its cost limit, for every expression and every input. The error
/// rules are CEL's: `&&`, `||`, `all` and `exists` give their result when one side decides it, whatever failed on the other.
struct CELEvaluator {
    let variables: any CELVariables
    let zones: CELTimeZones
    /// Prefixes of the name-resolution container, longest first, each with its dot; the last is empty.
    let containers: [String]
    var meter: CELMeter
    /// Names that macros bind, innermost last.
    var locals: [(name: String, value: CELValue)] = []

    init(
        variables: any CELVariables, zones: CELTimeZones = .fixedOffsetsOnly, container: String = "",
        limit: Int = CELMeter.defaultLimit
    ) {
        self.variables = variables
        self.zones = zones
        meter = CELMeter(limit: limit)
        var prefixes: [String] = []
        var parts = container.split(separator: ".")
        while !parts.isEmpty {
            prefixes.append(parts.joined(separator: ".") + ".")
            parts.removeLast()
        }
        containers = prefixes + [""]
    }

    /// What the evaluations so far have cost, in units.
    var cost: Int { meter.spent }

    /// The value of an expression.
    ///
    /// - Throws: why it has none; the failure's offset says where.
    mutating func value(of expression: CELExpression) throws(EvaluationFailure) -> CELValue {
        locals.removeAll()
        return try evaluate(expression.root)
    }

    mutating func evaluate(_ node: CELNode) throws(EvaluationFailure) -> CELValue {
        do throws(EvaluationFailure) {
            return try evaluateUnplaced(node)
        } catch {
            guard error.offset == nil else { throw error }
            var placed = error
            placed.offset = node.span.lowerBound
            throw placed
        }
    }

    private mutating func evaluateUnplaced(_ node: CELNode) throws(EvaluationFailure) -> CELValue {
        try meter.charge(units: 1)
        switch node.kind {
        case .literal(let value): return value
        case .identifier(let name, let isRooted): return try resolve(name, isRooted: isRooted)
        case .select(let selection): return try select(selection, node)
        case .index(let operand, let index, let isOptional):
            let container = try evaluate(operand)
            let key = try evaluate(index)
            return try CELLibrary.index(container, at: key, isOptional: isOptional, path: node.path, meter: &meter)
        case .call(let call): return try callFunction(call)
        case .list(let elements): return try makeList(elements)
        case .map(let elements): return try makeMap(elements)
        case .conditional(let condition, let then, let otherwise):
            guard case .bool(let flag) = try evaluate(condition) else {
                throw EvaluationFailure(.noSuchOverload, "the condition before `?` is not true or false")
            }
            return try evaluate(flag ? then : otherwise)
        case .and(let operands): return try decide(operands, deciding: false)
        case .or(let operands): return try decide(operands, deciding: true)
        case .not(let operand): return try CELLibrary.not(evaluate(operand))
        case .negate(let operand): return try CELLibrary.negated(evaluate(operand))
        case .binary(let name, let left, let right):
            let left = try evaluate(left)
            return try CELLibrary.binary(name, left, evaluate(right), meter: &meter)
        case .comprehension(let loop): return try comprehend(loop)
        case .binding(let binding):
            let value = try evaluate(binding.value)
            return try evaluate(binding.body, with: [(binding.name, value)])
        }
    }

    /// `&&` (deciding `false`) or `||` (deciding `true`): a deciding operand wins over every failure, except the cost limit.
    private mutating func decide(_ operands: [CELNode], deciding: Bool) throws(EvaluationFailure) -> CELValue {
        var failure: EvaluationFailure?
        for operand in operands {
            do throws(EvaluationFailure) {
                let value = try evaluate(operand)
                guard case .bool(let flag) = value else {
                    var wrong = CELLibrary.noOverload(deciding ? "||" : "&&", value)
                    wrong.offset = operand.span.lowerBound
                    throw wrong
                }
                if flag == deciding { return .bool(deciding) }
            } catch {
                if error.kind == .cost { throw error }
                failure = EvaluationFailure.graver(failure, error)
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }

    // MARK: - Names

    private mutating func resolve(_ name: String, isRooted: Bool) throws(EvaluationFailure) -> CELValue {
        if !isRooted, let local = local(name) { return local }
        if let value = variable(name, isRooted: isRooted) { return value }
        throw EvaluationFailure(.unknownName, "unknown name `\(name)`")
    }

    private func local(_ name: String) -> CELValue? {
        locals.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    private func variable(_ name: String, isRooted: Bool) -> CELValue? {
        if isRooted { return variables.value(named: name) ?? CELType(rawValue: name).map(CELValue.type) }
        for prefix in containers {
            if let value = variables.value(named: prefix.utf8.isEmpty ? name : prefix + name) { return value }
        }
        return CELType(rawValue: name).map(CELValue.type)
    }

    private mutating func select(_ selection: CELNode.Selection, _ node: CELNode) throws(EvaluationFailure) -> CELValue {
        if let name = selection.qualifiedName, !selection.isTest, selection.isRooted || !isLocalChain(name),
            let value = variable(name, isRooted: selection.isRooted)
        {
            return value
        }
        let operand = try evaluate(selection.operand)
        if selection.isTest { return .bool(try CELLibrary.has(selection.field, in: operand)) }
        return try CELLibrary.select(selection.field, of: operand, isOptional: selection.isOptional, path: node.path)
    }

    /// Whether the chain begins with a name that a macro bound: that name then means the element and nothing else.
    private func isLocalChain(_ name: String) -> Bool {
        guard !locals.isEmpty else { return false }
        return local(String(name.prefix { $0 != "." })) != nil
    }

    // MARK: - Calls

    private mutating func callFunction(_ call: CELCall) throws(EvaluationFailure) -> CELValue {
        guard let function = call.function else {
            throw EvaluationFailure(.unknownName, "unknown function `\(call.name)`", offset: call.nameSpan.lowerBound)
        }
        guard CELLibrary.checkArity(function, call.arguments.count, isMember: call.target != nil) else {
            throw EvaluationFailure(
                .noSuchOverload, "`\(call.name)` is not called like this", offset: call.nameSpan.lowerBound)
        }
        var values: [CELValue] = []
        if let target = call.target { values.append(try evaluate(target)) }
        if function.isLazy, case .optional(let inner?) = values[0] {
            if let value = CELLibrary.alternative(function, inner) { return value }
        }
        for argument in call.arguments { values.append(try evaluate(argument)) }
        return try CELLibrary.call(
            function, values, isMember: call.target != nil, pattern: call.pattern, zones: zones, meter: &meter)
    }

    // MARK: - Literals

    private mutating func makeList(_ elements: [CELListElement]) throws(EvaluationFailure) -> CELValue {
        try CELLibrary.chargeList(elements.count, meter: &meter)
        var items: [CELValue] = []
        items.reserveCapacity(elements.count)
        for element in elements {
            let value = try evaluate(element.value)
            guard element.isOptional else {
                items.append(value)
                continue
            }
            if let inner = try CELLibrary.optionalElement(value) { items.append(inner) }
        }
        return .list(items)
    }

    private mutating func makeMap(_ elements: [CELMapElement]) throws(EvaluationFailure) -> CELValue {
        try CELLibrary.chargeMap(elements.count, meter: &meter)
        var entries: [(key: CELValue, value: CELValue)] = []
        for element in elements {
            let key = try evaluate(element.key)
            try CELLibrary.checkKey(key)
            let value = try evaluate(element.value)
            guard element.isOptional else {
                entries.append((key, value))
                continue
            }
            if let inner = try CELLibrary.optionalElement(value) { entries.append((key, inner)) }
        }
        return try CELLibrary.map(entries)
    }

    /// The value of a node while these names are bound.
    mutating func evaluate(
        _ node: CELNode, with names: [(name: String, value: CELValue)]
    ) throws(EvaluationFailure) -> CELValue {
        locals.append(contentsOf: names)
        defer { locals.removeLast(names.count) }
        return try evaluate(node)
    }
}
