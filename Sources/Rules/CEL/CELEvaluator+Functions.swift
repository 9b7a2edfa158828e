/// Function calls.
extension CELEvaluator {
    mutating func callFunction(_ call: CELCall) throws(EvaluationFailure) -> CELValue {
        guard let function = call.function else {
            throw EvaluationFailure(.unknownName, "unknown function `\(call.name)`", offset: call.nameSpan.lowerBound)
        }
        let arity = call.target == nil ? function.globalArity : function.memberArity
        guard let arity, arity.contains(call.arguments.count) else {
            throw EvaluationFailure(
                .noSuchOverload, "`\(call.name)` is not called like this", offset: call.nameSpan.lowerBound)
        }
        var values: [CELValue] = []
        if let target = call.target { values.append(try evaluate(target)) }
        // `orValue` and `or` evaluate their argument only when it is needed, like `||`.
        if function == .orValue || function == .or { return try alternative(function, values[0], call.arguments[0]) }
        for argument in call.arguments { values.append(try evaluate(argument)) }
        switch function {
        case .bool, .bytes, .double, .duration, .dyn, .int, .string, .timestamp, .type, .uint:
            return try convert(function, values[0])
        case .size, .startsWith, .endsWith, .contains, .matches: return try inspect(call, function, values)
        case .optionalOf: return .optional(values[0])
        case .optionalNone: return .optional(nil)
        case .optionalOfNonZeroValue: return .optional(values[0].isZero ? nil : values[0])
        case .hasValue, .value, .orValue, .or: return try unwrap(function, values[0])
        default: return try part(function, values)
        }
    }

    private mutating func alternative(
        _ function: CELFunction, _ value: CELValue, _ other: CELNode
    ) throws(EvaluationFailure) -> CELValue {
        guard case .optional(let inner) = value else { throw Self.noOverload(function.rawValue, value) }
        if let inner { return function == .or ? value : inner }
        let replacement = try evaluate(other)
        if function == .or {
            guard case .optional = replacement else { throw Self.noOverload("or", value, replacement) }
        }
        return replacement
    }

    private func unwrap(_ function: CELFunction, _ value: CELValue) throws(EvaluationFailure) -> CELValue {
        guard case .optional(let inner) = value else { throw Self.noOverload(function.rawValue, value) }
        if function == .hasValue { return .bool(inner != nil) }
        guard let inner else { throw EvaluationFailure(.missing, "the optional is empty", path: "optional") }
        return inner
    }

    /// Sizes and searches in texts.
    private mutating func inspect(
        _ call: CELCall, _ function: CELFunction, _ values: [CELValue]
    ) throws(EvaluationFailure) -> CELValue {
        if function == .size { return try size(values[0]) }
        guard values.count == 2, case .string(let text) = values[0], case .string(let other) = values[1] else {
            throw EvaluationFailure(
                .noSuchOverload,
                "`\(function.rawValue)` does not take (\(values.map(\.type.title).joined(separator: ", ")))")
        }
        switch function {
        case .startsWith:
            try meter.charge(bytes: other.utf8.count)
            return .bool(text.utf8.starts(with: other.utf8))
        case .endsWith:
            try meter.charge(bytes: other.utf8.count)
            return .bool(text.utf8.count >= other.utf8.count && text.utf8.suffix(other.utf8.count).elementsEqual(other.utf8))
        case .contains:
            try meter.charge(units: (text.utf8.count / 10 + 1) * (other.utf8.count / 10 + 1))
            return .bool(Self.search(Array(text.utf8), for: Array(other.utf8)))
        default: return .bool(try match(call, text, other))
        }
    }

    private mutating func size(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .string(let text):
            try meter.charge(bytes: text.utf8.count)
            return .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let items): return .int(Int64(items.count))
        case .map(let map): return .int(Int64(map.count))
        default: throw Self.noOverload("size", value)
        }
    }

    private static func search(_ text: [UInt8], for part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        for start in 0...(text.count - part.count) where text[start] == first {
            if text[start..<start + part.count].elementsEqual(part) { return true }
        }
        return false
    }

    private mutating func match(_ call: CELCall, _ text: String, _ pattern: String) throws(EvaluationFailure) -> Bool {
        if let compiled = call.pattern { return try compiled.matches(text, meter: &meter) }
        let compiled: Pattern
        do throws(PatternError) {
            compiled = try Pattern(pattern)
        } catch {
            throw EvaluationFailure(.invalidValue, error.message)
        }
        try meter.charge(units: compiled.program.count)
        return try compiled.matches(text, meter: &meter)
    }
}
