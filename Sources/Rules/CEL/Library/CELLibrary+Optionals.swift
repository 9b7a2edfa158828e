/// Optional values.
extension CELLibrary {
    static func optional(
        _ function: CELFunction, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch function {
        case .optionalOf: return .optional(values[0])
        case .optionalNone: return .optional(nil)
        case .optionalOfNonZeroValue: return .optional(values[0].isZero ? nil : values[0])
        case .first, .last:
            guard case .list(let items) = values[0] else { throw noOverload(function.rawValue, values[0]) }
            return .optional(function == .first ? items.first : items.last)
        case .optionalUnwrap, .unwrapOpt: return try unwrap(function, values[0], meter: &meter)
        default: break
        }
        guard case .optional(let inner) = values[0] else { throw noOverload(function.rawValue, values) }
        switch function {
        case .hasValue: return .bool(inner != nil)
        case .or, .orValue:
            if let value = alternative(function, inner) { return value }
            return try otherwise(function, values[0], values[1])
        default:
            guard let inner else { throw EvaluationFailure(.missing, "the optional is empty", path: "optional") }
            return inner
        }
    }

    /// What `or` and `orValue` give without their argument; `nil` when they need it.
    static func alternative(_ function: CELFunction, _ inner: CELValue?) -> CELValue? {
        guard let inner else { return nil }
        return function == .or ? .optional(inner) : inner
    }

    /// The argument of `or` and `orValue` as their result.
    static func otherwise(
        _ function: CELFunction, _ target: CELValue, _ replacement: CELValue
    ) throws(EvaluationFailure) -> CELValue {
        if function == .or {
            guard case .optional = replacement else { throw noOverload("or", target, replacement) }
        }
        return replacement
    }

    /// What an element marked with `?` in a list or map literal adds; `nil` for nothing.
    static func optionalElement(_ value: CELValue) throws(EvaluationFailure) -> CELValue? {
        guard case .optional(let inner) = value else {
            throw EvaluationFailure(.type, "an element marked with `?` is an optional, not \(value.type.title)")
        }
        return inner
    }

    /// The values that the list's optionals hold.
    private static func unwrap(
        _ function: CELFunction, _ value: CELValue, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        guard case .list(let items) = value else { throw noOverload(function.rawValue, value) }
        try meter.allocate(elements: items.count)
        var found: [CELValue] = []
        for item in items {
            guard case .optional(let inner) = item else { throw noOverload(function.rawValue, value) }
            if let inner { found.append(inner) }
        }
        return .list(found)
    }
}
