/// The macros that walk a list or a map's keys.
extension CELEvaluator {
    mutating func comprehend(_ loop: CELComprehension) throws(EvaluationFailure) -> CELValue {
        let range = try evaluate(loop.range)
        if loop.macro == .optMap || loop.macro == .optFlatMap { return try bindOptional(loop, range) }
        let items: [CELValue]
        switch range {
        case .list(let list): items = list
        case .map(let map):
            try meter.charge(bytes: map.count)
            items = map.keys
        default: throw EvaluationFailure(.type, "`\(loop.macro.rawValue)` walks a list or a map, not \(range.type.title)")
        }
        switch loop.macro {
        case .all: return try quantify(loop, items, deciding: false)
        case .exists: return try quantify(loop, items, deciding: true)
        case .existsOne:
            var count = 0
            for item in items where try holds(loop, item) { count += 1 }
            return .bool(count == 1)
        default: return try collect(loop, items)
        }
    }

    /// `all` and `exists`: an element that decides wins over every failure of the others, except the cost limit.
    private mutating func quantify(
        _ loop: CELComprehension, _ items: [CELValue], deciding: Bool
    ) throws(EvaluationFailure) -> CELValue {
        var failure: EvaluationFailure?
        for item in items {
            do throws(EvaluationFailure) {
                if try holds(loop, item) == deciding { return .bool(deciding) }
            } catch {
                if error.kind == .cost { throw error }
                failure = EvaluationFailure.graver(failure, error)
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }

    /// `filter` and `map`.
    private mutating func collect(_ loop: CELComprehension, _ items: [CELValue]) throws(EvaluationFailure) -> CELValue {
        var collected: [CELValue] = []
        for item in items {
            if loop.condition != nil, try !holds(loop, item) { continue }
            guard let result = loop.result else {
                collected.append(item)
                continue
            }
            collected.append(try evaluate(result, with: loop.variable, item))
        }
        try meter.allocate(elements: collected.count)
        return .list(collected)
    }

    private mutating func holds(_ loop: CELComprehension, _ item: CELValue) throws(EvaluationFailure) -> Bool {
        guard let condition = loop.condition else { return true }
        guard case .bool(let flag) = try evaluate(condition, with: loop.variable, item) else {
            throw EvaluationFailure(
                .noSuchOverload, "the condition of `\(loop.macro.rawValue)` is not true or false",
                offset: condition.span.lowerBound)
        }
        return flag
    }

    private mutating func bindOptional(_ loop: CELComprehension, _ range: CELValue) throws(EvaluationFailure) -> CELValue {
        guard case .optional(let inner) = range, let result = loop.result else {
            throw EvaluationFailure(.type, "`\(loop.macro.rawValue)` takes an optional, not \(range.type.title)")
        }
        guard let inner else { return .optional(nil) }
        let value = try evaluate(result, with: loop.variable, inner)
        guard loop.macro == .optFlatMap else { return .optional(value) }
        guard case .optional = value else {
            throw EvaluationFailure(.type, "`optFlatMap` makes an optional, not \(value.type.title)")
        }
        return value
    }

    private mutating func evaluate(_ node: CELNode, with name: String, _ value: CELValue) throws(EvaluationFailure) -> CELValue {
        locals.append((name, value))
        defer { locals.removeLast() }
        return try evaluate(node)
    }
}
