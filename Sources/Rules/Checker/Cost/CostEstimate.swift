/// What an expression may cost at most for one event, in the units of ``CELMeter``.
///
/// Texts from outside are taken for 256 bytes, maps for 64 entries, lists for 1,000 elements. The real limits are the meter's, while
/// the expression runs; the estimate finds at load what would run into them.
struct CostEstimate {
    /// Beyond it a condition is stopped while it runs, and never matches: a warning, in units.
    static let warningUnits = Double(CELMeter.defaultLimit)
    /// Beyond it an expression is refused, in units.
    static let refusedUnits = 10_000_000.0

    private let scope: ExpressionScope
    private var units = 0.0
    /// Names that macros bind, innermost last.
    private var locals: [(name: String, extent: ValueExtent)] = []

    private init(scope: ExpressionScope) {
        self.scope = scope
    }

    /// The most units that the expression takes for one event of the expected size.
    static func units(of expression: CELExpression, scope: ExpressionScope) -> Double {
        var estimate = CostEstimate(scope: scope)
        _ = estimate.visit(expression.root)
        return estimate.units.rounded(.up)
    }

    /// A warning or a refusal when the expression may be too dear.
    static func problem(of expression: CELExpression, scope: ExpressionScope) -> ExpressionProblem? {
        let units = units(of: expression, scope: scope)
        guard units > warningUnits else { return nil }
        let number = grouped(units)
        let hint = "a loop inside a loop multiplies: filter the outer list first, or split the rule"
        if units > refusedUnits {
            return ExpressionProblem(
                code: .tooCostly, message: "this may cost \(number) units for one event, more than \(grouped(refusedUnits))",
                hint: hint, span: expression.root.span)
        }
        return ExpressionProblem(
            code: .costly, severity: .warning,
            message: "this may cost \(number) units for one event; it is stopped at \(grouped(warningUnits))", hint: hint,
            span: expression.root.span)
    }

    /// With commas, as the documents write numbers; everything beyond 10^15 is one number.
    private static func grouped(_ units: Double) -> String {
        guard units < 1e15 else { return "over 1,000,000,000,000,000" }
        var digits = Array(String(Int64(units)).utf8)
        var place = digits.count - 3
        while place > 0 {
            digits.insert(UInt8(ascii: ","), at: place)
            place -= 3
        }
        return String(decoding: digits, as: UTF8.self)
    }

    // MARK: - The walk

    private mutating func visit(_ node: CELNode) -> ValueExtent {
        units += 1
        switch node.kind {
        case .literal(let value): return ValueExtent(of: value)
        case .identifier(let name, let isRooted): return extent(of: name, isRooted: isRooted)
        case .select(let selection):
            let operand = visit(selection.operand)
            return selection.isTest ? .plain : Self.member(selection.field, of: operand)
        case .index(let operand, let index, _):
            let container = visit(operand)
            let key = visit(index)
            units += key.bytes / 10
            guard case .literal(.string(let name)) = index.kind else { return container.element }
            return Self.member(name, of: container)
        case .call(let call): return visit(call)
        case .list(let elements): return visit(elements)
        case .map(let elements): return visit(elements)
        case .conditional(let condition, let then, let otherwise):
            _ = visit(condition)
            // Only one side is evaluated: the dearer one counts.
            let before = units
            let first = visit(then)
            let afterFirst = units
            units = before
            let second = visit(otherwise)
            units = max(afterFirst, units)
            return first.joined(second)
        case .and(let operands), .or(let operands):
            for operand in operands { _ = visit(operand) }
            return .plain
        case .not(let operand), .negate(let operand):
            _ = visit(operand)
            return .plain
        case .binary(let name, let left, let right): return visit(name, visit(left), visit(right))
        case .comprehension(let loop): return visit(loop)
        case .binding(let binding):
            locals.append((binding.name, visit(binding.value)))
            defer { locals.removeLast() }
            return visit(binding.body)
        }
    }

    private func extent(of name: String, isRooted: Bool) -> ValueExtent {
        if !isRooted, let local = locals.last(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return local.extent }
        return scope.type(of: name).map { ValueExtent($0) } ?? .unknown
    }

    private static func member(_ name: String, of operand: ValueExtent) -> ValueExtent {
        guard case .record(let record) = operand else { return operand.element }
        return record.type(of: name).map { ValueExtent($0) } ?? .unknown
    }

    private mutating func visit(_ elements: [CELListElement]) -> ValueExtent {
        units += 10 + Double(elements.count) / 10
        return .list(count: Double(elements.count), element: .joined(elements.map { visit($0.value) }))
    }

    private mutating func visit(_ elements: [CELMapElement]) -> ValueExtent {
        units += 30 + Double(elements.count) / 5
        let keys = elements.map { visit($0.key) }
        return .map(of: elements.count, keys: keys, values: elements.map { visit($0.value) })
    }

    private mutating func visit(_ name: CELOperator, _ left: ValueExtent, _ right: ValueExtent) -> ValueExtent {
        switch name {
        case .equal, .notEqual:
            units += min(left.weight, right.weight)
            return .plain
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            units += min(left.bytes, right.bytes) / 10
            return .plain
        case .in:
            switch right {
            case .list(let count, let element): units += count * min(left.weight, element.weight)
            case .unknown: units += ValueExtent.listElements * min(left.weight, right.element.weight)
            default: units += left.bytes / 10
            }
            return .plain
        case .add: return sum(left, right)
        case .subtract, .multiply, .divide, .remainder: return .plain
        }
    }

    private mutating func sum(_ left: ValueExtent, _ right: ValueExtent) -> ValueExtent {
        switch (left, right) {
        case (.plain, _), (_, .plain): return .plain
        case (.list(let leftCount, let leftElement), .list(let rightCount, let rightElement)):
            let count = min(leftCount + rightCount, Double(CELMeter.maxElements))
            units += count / 10
            return .list(count: count, element: leftElement.joined(rightElement))
        case (.text, _), (_, .text): return made(text: left.bytes + right.bytes)
        default:
            units += ValueExtent.listElements / 5
            return .unknown
        }
    }

    /// A text that the expression makes; the meter allows none longer than its limit.
    private mutating func made(text bytes: Double) -> ValueExtent {
        let bytes = min(bytes, Double(CELMeter.maxTextBytes))
        units += bytes / 10
        return .text(bytes: bytes)
    }

    // MARK: - Calls

    private mutating func visit(_ call: CELCall) -> ValueExtent {
        let extents = ([call.target].compactMap { $0 } + call.arguments).map { visit($0) }
        let first = extents.first ?? .plain
        let second = extents.count > 1 ? extents[1] : .plain
        switch call.name {
        case "contains", "indexOf", "lastIndexOf":
            units += Self.search(first, second) + first.bytes / 10
            return .plain
        case "startsWith", "endsWith":
            units += second.bytes / 10
            return .plain
        case "matches":
            let instructions = call.pattern.map { Double($0.program.count) } ?? 4 * second.bytes + 4
            units += (first.bytes + 1) * (instructions + 1) / 10 + (call.pattern == nil ? instructions : 0)
            return .plain
        case "replace":
            units += Self.search(first, second) + first.bytes / 10
            let replacement = extents.count > 2 ? extents[2].bytes : 0
            return made(text: (first.bytes + 1) * max(1, replacement))
        case "split":
            units += Self.search(first, second) + first.bytes / 3
            return .list(count: min(first.bytes + 1, Double(CELMeter.maxElements)), element: .text(bytes: first.bytes))
        case "dyn", "value", "optional.of", "optional.ofNonZeroValue", "unwrapOpt", "optional.unwrap": return first
        case "or", "orValue": return first.joined(second)
        case "first", "last": return first.element
        default: return other(call, extents)
        }
    }

    /// How long it takes to look for a text in another.
    private static func search(_ text: ValueExtent, _ part: ValueExtent) -> Double {
        (text.bytes / 10 + 1) * (part.bytes / 10 + 1)
    }

    /// A function that reads all of its arguments once, and may make a text of their length.
    private mutating func other(_ call: CELCall, _ extents: [ValueExtent]) -> ValueExtent {
        let total = extents.reduce(0) { $0 + $1.totalBytes }
        units += min(total, 1e9) / 10
        let name = call.target?.qualifiedName.map { "\($0.name).\(call.name)" } ?? call.name
        let result = (scope.overloads(of: name) ?? scope.overloads(of: call.name))?.first?.result
        switch result {
        // Encoding makes four bytes of three, quoting two of one.
        case .string?, .bytes?: return made(text: 2 * total)
        case .list?, .map?, .dyn?, nil: return .unknown
        default: return .plain
        }
    }

    // MARK: - Macros

    private mutating func visit(_ loop: CELComprehension) -> ValueExtent {
        let range = visit(loop.range)
        let isLoop = !loop.macro.bindsOptional
        let rounds = isLoop ? min(range.rounds, Double(CELMeter.maxElements)) : 1
        let before = units
        let names = Self.bound(loop, range)
        locals += names
        if let condition = loop.condition { _ = visit(condition) }
        let result = loop.result.map { visit($0) }
        locals.removeLast(names.count)
        units = before + (units - before) * rounds
        guard isLoop else { return result ?? .unknown }
        units += rounds / 5
        switch loop.macro {
        case .filter: return .list(count: rounds, element: range.walked)
        case .map, .transformList: return .list(count: rounds, element: result ?? .unknown)
        case .transformMap: return .map(count: rounds, key: names[0].extent, value: result ?? .unknown)
        case .transformMapEntry: return .map(count: rounds, key: .unknown, value: result?.element ?? .unknown)
        default: return .plain
        }
    }

    private static func bound(_ loop: CELComprehension, _ range: ValueExtent) -> [(name: String, extent: ValueExtent)] {
        guard !loop.macro.bindsOptional else { return [(loop.variable, range)] }
        guard let second = loop.secondVariable else { return [(loop.variable, range.walked)] }
        if case .list(_, let element) = range { return [(loop.variable, .plain), (second, element)] }
        return [(loop.variable, range.walked), (second, range.element)]
    }
}
