/// The macros that walk a list or a map, and those that look into an optional.
extension CELEvaluator {
    mutating func comprehend(_ loop: CELComprehension) throws(EvaluationFailure) -> CELValue {
        let range = try evaluate(loop.range)
        if loop.macro.bindsOptional { return try bindOptional(loop, range) }
        if loop.secondVariable != nil, case .map(let map) = range {
            try meter.charge(bytes: map.count)
            return try walk(loop, map.count) { (map.entries[$0].key, map.entries[$0].value) }
        }
        let items = try CELLibrary.walked(range, by: loop.macro, meter: &meter)
        return try walk(loop, items.count) { loop.secondVariable == nil ? (items[$0], .null) : (.int(Int64($0)), items[$0]) }
    }

    /// `element` gives the values of the macro's variables, the second one unused when there is one variable.
    private mutating func walk(
        _ loop: CELComprehension, _ count: Int, _ element: (Int) -> (CELValue, CELValue)
    ) throws(EvaluationFailure) -> CELValue {
        switch loop.macro {
        case .all: return try quantify(loop, count, deciding: false, element)
        case .exists: return try quantify(loop, count, deciding: true, element)
        case .existsOne:
            var found = 0
            for index in 0..<count where try holds(loop, element(index)) { found += 1 }
            return .bool(found == 1)
        case .transformMap, .transformMapEntry: return try collectEntries(loop, count, element)
        default: return try collect(loop, count, element)
        }
    }

    /// `all` and `exists`: an element that decides wins over every failure of the others, except the cost limit.
    private mutating func quantify(
        _ loop: CELComprehension, _ count: Int, deciding: Bool, _ element: (Int) -> (CELValue, CELValue)
    ) throws(EvaluationFailure) -> CELValue {
        var failure: EvaluationFailure?
        for index in 0..<count {
            do throws(EvaluationFailure) {
                if try holds(loop, element(index)) == deciding { return .bool(deciding) }
            } catch {
                if error.kind == .cost { throw error }
                failure = EvaluationFailure.graver(failure, error)
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }

    /// `filter`, `map` and `transformList`.
    private mutating func collect(
        _ loop: CELComprehension, _ count: Int, _ element: (Int) -> (CELValue, CELValue)
    ) throws(EvaluationFailure) -> CELValue {
        var collected: [CELValue] = []
        for index in 0..<count {
            let values = element(index)
            if loop.condition != nil, try !holds(loop, values) { continue }
            try CELMeter.check(elements: collected.count)
            guard let result = loop.result else {
                collected.append(values.0)
                continue
            }
            collected.append(try evaluate(result, of: loop, values))
        }
        try meter.allocate(elements: collected.count)
        return .list(collected)
    }

    /// `transformMap` and `transformMapEntry`.
    private mutating func collectEntries(
        _ loop: CELComprehension, _ count: Int, _ element: (Int) -> (CELValue, CELValue)
    ) throws(EvaluationFailure) -> CELValue {
        var entries: [(key: CELValue, value: CELValue)] = []
        for index in 0..<count {
            let values = element(index)
            if loop.condition != nil, try !holds(loop, values) { continue }
            guard let result = loop.result else { continue }
            let value = try evaluate(result, of: loop, values)
            try CELMeter.check(elements: entries.count * 2)
            if loop.macro == .transformMap {
                entries.append((values.0, value))
            } else {
                guard case .map(let made) = value else {
                    throw EvaluationFailure(.type, "`transformMapEntry` makes a map, not \(value.type.title)")
                }
                try meter.charge(bytes: made.count)
                entries += made.entries
            }
        }
        try meter.allocate(elements: entries.count * 2)
        return try CELLibrary.map(entries)
    }

    private mutating func holds(
        _ loop: CELComprehension, _ values: (CELValue, CELValue)
    ) throws(EvaluationFailure) -> Bool {
        guard let condition = loop.condition else { return true }
        guard case .bool(let flag) = try evaluate(condition, of: loop, values) else {
            throw EvaluationFailure(
                .noSuchOverload, "the condition of `\(loop.macro.rawValue)` is not true or false",
                offset: condition.span.lowerBound)
        }
        return flag
    }

    private mutating func evaluate(
        _ node: CELNode, of loop: CELComprehension, _ values: (CELValue, CELValue)
    ) throws(EvaluationFailure) -> CELValue {
        guard let second = loop.secondVariable else { return try evaluate(node, with: [(loop.variable, values.0)]) }
        return try evaluate(node, with: [(loop.variable, values.0), (second, values.1)])
    }

    private mutating func bindOptional(_ loop: CELComprehension, _ range: CELValue) throws(EvaluationFailure) -> CELValue {
        guard case .optional(let inner) = range, let result = loop.result else {
            throw EvaluationFailure(.type, "`\(loop.macro.rawValue)` takes an optional, not \(range.type.title)")
        }
        guard let inner else { return .optional(nil) }
        let value = try evaluate(result, with: [(loop.variable, inner)])
        guard loop.macro == .optFlatMap else { return .optional(value) }
        guard case .optional = value else {
            throw EvaluationFailure(.type, "`optFlatMap` makes an optional, not \(value.type.title)")
        }
        return value
    }
}
