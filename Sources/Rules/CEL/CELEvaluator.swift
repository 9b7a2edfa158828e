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
            try chargeKey(key)
            return try element(of: container, at: key, isOptional: isOptional, node)
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
        case .not(let operand):
            let value = try evaluate(operand)
            guard case .bool(let flag) = value else { throw Self.noOverload("!", value) }
            return .bool(!flag)
        case .negate(let operand): return try Self.negated(evaluate(operand))
        case .binary(let name, let left, let right): return try apply(name, evaluate(left), evaluate(right))
        case .comprehension(let loop): return try comprehend(loop)
        }
    }

    /// `&&` (deciding `false`) or `||` (deciding `true`): a deciding operand wins over every failure, except the cost limit.
    private mutating func decide(_ operands: [CELNode], deciding: Bool) throws(EvaluationFailure) -> CELValue {
        var failure: EvaluationFailure?
        for operand in operands {
            do throws(EvaluationFailure) {
                let value = try evaluate(operand)
                guard case .bool(let flag) = value else {
                    var wrong = Self.noOverload(deciding ? "||" : "&&", value)
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
        if selection.isTest { return .bool(try Self.field(selection.field, of: operand) != nil) }
        return try access(operand, isOptional: selection.isOptional, node) { value throws(EvaluationFailure) in
            try Self.field(selection.field, of: value)
        }
    }

    /// Whether the chain begins with a name that a macro bound: that name then means the element and nothing else.
    private func isLocalChain(_ name: String) -> Bool {
        guard !locals.isEmpty else { return false }
        return local(String(name.prefix { $0 != "." })) != nil
    }

    /// The field, `nil` when it is not there.
    private static func field(_ name: String, of value: CELValue) throws(EvaluationFailure) -> CELValue? {
        switch value {
        case .map(let map): return map[name]
        case .optional(let inner): return try inner.flatMap { inner throws(EvaluationFailure) in try field(name, of: inner) }
        default: throw EvaluationFailure(.type, "a value of type \(value.type.title) has no field `\(name)`")
        }
    }

    // MARK: - Elements

    private mutating func element(
        of operand: CELValue, at index: CELValue, isOptional: Bool, _ node: CELNode
    ) throws(EvaluationFailure) -> CELValue {
        try access(operand, isOptional: isOptional, node) { value throws(EvaluationFailure) in
            switch value {
            case .map(let map): return map[index]
            case .list(let items):
                guard let position = Self.position(index) else {
                    throw EvaluationFailure(.type, "a list's index is a whole number, not \(index.type.title)")
                }
                return items.indices.contains(position) ? items[position] : nil
            default: throw EvaluationFailure(.type, "a value of type \(value.type.title) has no elements")
            }
        }
    }

    /// Looks something up in a value or in an optional's value: an optional stays one all the way down.
    private func access(
        _ operand: CELValue, isOptional: Bool, _ node: CELNode, _ look: (CELValue) throws(EvaluationFailure) -> CELValue?
    ) throws(EvaluationFailure) -> CELValue {
        if case .optional(let inner) = operand {
            guard let inner else { return .optional(nil) }
            return .optional(try look(inner))
        }
        let found = try look(operand)
        if isOptional { return .optional(found) }
        guard let found else {
            let path = node.path ?? "…"
            throw EvaluationFailure(.missing, "no such key: \(path)", path: path)
        }
        return found
    }

    /// For finding a key, whose bytes are all looked at.
    mutating func chargeKey(_ key: CELValue) throws(EvaluationFailure) {
        if case .string(let text) = key { try meter.charge(bytes: text.utf8.count) }
    }

    /// A list position: any number without a fraction.
    private static func position(_ index: CELValue) -> Int? {
        switch index {
        case .int(let number): Int(exactly: number)
        case .uint(let number): Int(clamping: number)
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    // MARK: - Literals

    private mutating func makeList(_ elements: [CELListElement]) throws(EvaluationFailure) -> CELValue {
        try meter.charge(units: 10)
        try meter.allocate(elements: elements.count)
        var items: [CELValue] = []
        items.reserveCapacity(elements.count)
        for element in elements {
            let value = try evaluate(element.value)
            guard element.isOptional else {
                items.append(value)
                continue
            }
            if let inner = try Self.optionalElement(value) { items.append(inner) }
        }
        return .list(items)
    }

    private mutating func makeMap(_ elements: [CELMapElement]) throws(EvaluationFailure) -> CELValue {
        try meter.charge(units: 30)
        try meter.allocate(elements: elements.count * 2)
        var entries: [(key: CELValue, value: CELValue)] = []
        for element in elements {
            let key = try evaluate(element.key)
            guard CELKey(key) != nil else {
                throw EvaluationFailure(.type, "a value of type \(key.type.title) can not be a map's key")
            }
            let value = try evaluate(element.value)
            guard element.isOptional else {
                entries.append((key, value))
                continue
            }
            if let inner = try Self.optionalElement(value) { entries.append((key, inner)) }
        }
        guard let map = CELMap(entries) else { throw EvaluationFailure(.invalidValue, "a map has the same key twice") }
        return .map(map)
    }

    private static func optionalElement(_ value: CELValue) throws(EvaluationFailure) -> CELValue? {
        guard case .optional(let inner) = value else {
            throw EvaluationFailure(.type, "an element marked with `?` is an optional, not \(value.type.title)")
        }
        return inner
    }

    static func noOverload(_ name: String, _ values: CELValue...) -> EvaluationFailure {
        let types = values.map(\.type)
        let message = "`\(name)` does not take (\(types.map(\.title).joined(separator: ", ")))"
        let numbers: Set<CELType> = [.int, .uint, .double]
        if types.contains(.string), types.contains(where: numbers.contains) {
            return EvaluationFailure(.noSuchOverload, message + "; convert the text with `int(…)` or `double(…)`")
        }
        if types.contains(.double), types.contains(.int) || types.contains(.uint) {
            return EvaluationFailure(.noSuchOverload, message + "; convert the whole number with `double(…)`")
        }
        return EvaluationFailure(.noSuchOverload, message)
    }
}
