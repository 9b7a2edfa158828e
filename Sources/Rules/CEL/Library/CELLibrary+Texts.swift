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
            try meter.charge(units: (text.utf8.count / 10 + 1) * (other.utf8.count / 10 + 1))
            return .bool(search(Array(text.utf8), for: Array(other.utf8)))
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

    private static func search(_ text: [UInt8], for part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        for start in 0...(text.count - part.count) where text[start] == first {
            if text[start..<start + part.count].elementsEqual(part) { return true }
        }
        return false
    }

    private static func match(
        _ text: String, _ pattern: String, compiled: Pattern?, meter: inout CELMeter
    ) throws(EvaluationFailure) -> Bool {
        if let compiled { return try compiled.matches(text, meter: &meter) }
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
