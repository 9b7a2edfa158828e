/// Sizes and searches in texts: the standard library's part.
extension CELLibrary {
    static func inspect(
        _ function: CELFunction, _ values: [CELValue], pattern: Pattern?, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        if function == .size { return try size(values[0], meter: &meter) }
        guard values.count == 2, case .string(let text) = values[0], case .string(let other) = values[1] else {
            throw noOverload(function.rawValue, values)
        }
        switch function {
        case .startsWith:
            try meter.charge(bytes: other.utf8.count)
            return .bool(text.utf8.starts(with: other.utf8))
        case .endsWith:
            try meter.charge(bytes: other.utf8.count)
            return .bool(text.utf8.count >= other.utf8.count && text.utf8.suffix(other.utf8.count).elementsEqual(other.utf8))
        case .contains:
            try meter.charge(units: searchUnits(text, other))
            return .bool(CELByteSearch.first(of: Array(other.utf8), in: Array(text.utf8)) != nil)
        default: return .bool(try match(text, other, compiled: pattern, meter: &meter))
        }
    }

    private static func size(_ value: CELValue, meter: inout CELMeter) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .string(let text):
            try meter.charge(bytes: text.utf8.count)
            return .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let items): return .int(Int64(items.count))
        case .map(let map): return .int(Int64(map.count))
        default: throw noOverload("size", value)
        }
    }

    private static func match(
        _ text: String, _ pattern: String, compiled: Pattern?, meter: inout CELMeter
    ) throws(EvaluationFailure) -> Bool {
        // Every match prepares a mark for every instruction; a pattern that is made here costs its making, even when it fails.
        if let compiled {
            try meter.charge(bytes: compiled.program.count)
            return try compiled.matches(text, meter: &meter)
        }
        try meter.charge(units: 100 + pattern.utf8.count)
        let made: Pattern
        do throws(PatternError) {
            made = try Pattern(pattern)
        } catch {
            try meter.charge(units: 1_000)
            throw EvaluationFailure(.invalidValue, error.message)
        }
        try meter.charge(units: made.program.count)
        return try made.matches(text, meter: &meter)
    }
}
