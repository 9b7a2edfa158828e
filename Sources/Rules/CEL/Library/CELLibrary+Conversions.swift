/// Conversions between types: exact, or a failure.
extension CELLibrary {
    static func convert(
        _ function: CELFunction, _ value: CELValue, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        if case .string(let text) = value, function != .dyn, function != .type { try meter.charge(bytes: text.utf8.count) }
        switch function {
        case .dyn: return value
        case .type: return .type(value.type)
        case .bool: return try toBool(value)
        case .int: return try toInt(value)
        case .uint: return try toUInt(value)
        case .double: return try toDouble(value)
        case .bytes:
            switch value {
            case .bytes: return value
            case .string(let text):
                try meter.allocate(text: text.utf8.count)
                return .bytes(Array(text.utf8))
            default: throw noOverload("bytes", value)
            }
        case .string:
            let written = try text(of: value)
            try meter.allocate(text: written.utf8.count)
            return .string(written)
        case .timestamp: return try toTimestamp(value)
        case .duration: return try toDuration(value)
        default: throw noOverload(function.rawValue, value)
        }
    }

    /// What `string()` makes of a value.
    static func text(of value: CELValue) throws(EvaluationFailure) -> String {
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return CELNumberText.text(of: number)
        case .timestamp(let instant): return instant.text
        case .duration(let span): return span.text
        case .ip(let address): return address.text
        case .cidr(let network): return network.text
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw EvaluationFailure(.invalidValue, "the bytes are not UTF-8")
            }
            return text
        default: throw noOverload("string", value)
        }
    }

    private static func toBool(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .bool: return value
        case .string(let text):
            if CELNumberText.isOne(of: ["true", "TRUE", "True", "t", "T", "1"], text) { return .bool(true) }
            if CELNumberText.isOne(of: ["false", "FALSE", "False", "f", "F", "0"], text) { return .bool(false) }
            throw EvaluationFailure(.invalidValue, "the text is neither true nor false")
        default: throw noOverload("bool", value)
        }
    }

    private static func toInt(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .int: return value
        case .uint(let number):
            guard let exact = Int64(exactly: number) else { throw outOfRange("int") }
            return .int(exact)
        case .double(let number):
            // Both ends are excluded: the doubles there stand for integers that do not all fit.
            guard number > -0x1p63, number < 0x1p63 else { throw outOfRange("int") }
            return .int(Int64(number))
        case .string(let text):
            guard CELNumberText.isInteger(text), let number = Int64(text) else { throw notANumber("int") }
            return .int(number)
        case .timestamp(let instant): return .int(instant.seconds)
        case .duration(let span): return .int(span.nanoseconds / 1_000_000_000)
        default: throw noOverload("int", value)
        }
    }

    private static func toUInt(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .uint: return value
        case .int(let number):
            guard let exact = UInt64(exactly: number) else { throw outOfRange("uint") }
            return .uint(exact)
        case .double(let number):
            guard number >= 0, number < 0x1p64 else { throw outOfRange("uint") }
            return .uint(UInt64(number))
        case .string(let text):
            guard CELNumberText.isInteger(text, signed: false), let number = UInt64(text) else { throw notANumber("uint") }
            return .uint(number)
        default: throw noOverload("uint", value)
        }
    }

    private static func toDouble(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .double: return value
        case .int(let number): return .double(Double(number))
        case .uint(let number): return .double(Double(number))
        case .string(let text):
            guard let number = CELNumberText.double(text) else { throw notANumber("double") }
            return .double(number)
        default: throw noOverload("double", value)
        }
    }

    private static func toTimestamp(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .timestamp: return value
        case .int(let seconds):
            guard let instant = CELTimestamp(seconds: seconds) else { throw outOfRange("timestamp") }
            return .timestamp(instant)
        case .string(let text):
            guard let instant = CELTimestamp(text: text) else {
                throw EvaluationFailure(.invalidValue, "the text is not an RFC 3339 date such as 2026-01-31T12:00:00Z")
            }
            return .timestamp(instant)
        default: throw noOverload("timestamp", value)
        }
    }

    private static func toDuration(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .duration: return value
        case .string(let text):
            guard let span = CELDuration(text: text) else {
                throw EvaluationFailure(.invalidValue, "the text is not a span of time such as 90s or 1h30m")
            }
            return .duration(span)
        default: throw noOverload("duration", value)
        }
    }

    private static func outOfRange(_ type: String) -> EvaluationFailure {
        EvaluationFailure(.overflow, "the value is out of range for \(type)")
    }

    private static func notANumber(_ type: String) -> EvaluationFailure {
        EvaluationFailure(.invalidValue, "the text is not a number that fits \(type)")
    }
}
