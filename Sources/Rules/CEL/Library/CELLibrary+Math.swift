/// The `math` extension.
extension CELLibrary {
    static func math(
        _ function: CELFunction, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch function {
        case .greatest, .least: return try extreme(function, values, meter: &meter)
        case .abs, .sign, .sqrt: return try measure(function, values[0])
        case .bitAnd, .bitOr, .bitXor, .bitNot: return try combine(function, values)
        case .bitShiftLeft, .bitShiftRight: return try shift(function, values)
        default: break
        }
        guard case .double(let number) = values[0] else { throw noOverload(function.rawValue, values) }
        switch function {
        case .ceil: return .double(number.rounded(.up))
        case .floor: return .double(number.rounded(.down))
        case .round: return .double(number.rounded(.toNearestOrAwayFromZero))
        case .trunc: return .double(number.rounded(.towardZero))
        case .isInf: return .bool(number.isInfinite)
        case .isNaN: return .bool(number.isNaN)
        default: return .bool(number.isFinite)
        }
    }

    /// Of numbers that are equal the first one; numbers of all types are compared with each other.
    private static func extreme(
        _ function: CELFunction, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        var numbers = values
        if values.count == 1, case .list(let items) = values[0] { numbers = items }
        guard var best = numbers.first else {
            throw EvaluationFailure(.invalidValue, "`\(function.rawValue)` of an empty list")
        }
        guard numbers.allSatisfy(\.isNumber) else { throw noOverload(function.rawValue, values) }
        try meter.charge(units: numbers.count)
        for number in numbers.dropFirst() {
            switch CELValue.numericOrdering(number, best) {
            case .greater: if function == .greatest { best = number }
            case .less: if function == .least { best = number }
            case .equal: break
            case .unordered, nil: throw EvaluationFailure(.invalidValue, "`\(function.rawValue)` can not order NaN")
            }
        }
        return best
    }

    private static func measure(_ function: CELFunction, _ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch (function, value) {
        case (.abs, .int(let number)):
            guard let exact = Int64(exactly: number.magnitude) else {
                throw EvaluationFailure(.overflow, "the result does not fit 64 bits")
            }
            return .int(exact)
        case (.abs, .uint): return value
        case (.abs, .double(let number)): return .double(number.magnitude)
        case (.sign, .int(let number)): return .int(number.signum())
        case (.sign, .uint(let number)): return .uint(min(number, 1))
        case (.sign, .double(let number)): return .double(number.isNaN ? number : (number > 0 ? 1 : (number < 0 ? -1 : 0)))
        case (.sqrt, .int(let number)): return .double(Double(number).squareRoot())
        case (.sqrt, .uint(let number)): return .double(Double(number).squareRoot())
        case (.sqrt, .double(let number)): return .double(number.squareRoot())
        default: throw noOverload(function.rawValue, value)
        }
    }

    private static func combine(_ function: CELFunction, _ values: [CELValue]) throws(EvaluationFailure) -> CELValue {
        switch (values[0], values.last) {
        case (.int(let left), .int(let right)): return .int(combine(function, left, right))
        case (.uint(let left), .uint(let right)): return .uint(combine(function, left, right))
        default: throw noOverload(function.rawValue, values)
        }
    }

    private static func combine<Value: FixedWidthInteger>(_ function: CELFunction, _ left: Value, _ right: Value) -> Value {
        switch function {
        case .bitAnd: left & right
        case .bitOr: left | right
        case .bitXor: left ^ right
        default: ~left
        }
    }

    /// Bits that are shifted out are lost, and zeros follow: a shift to the right does not keep the sign.
    private static func shift(_ function: CELFunction, _ values: [CELValue]) throws(EvaluationFailure) -> CELValue {
        guard case .int(let places) = values[1] else { throw noOverload(function.rawValue, values) }
        let bits: UInt64
        switch values[0] {
        case .int(let number): bits = UInt64(bitPattern: number)
        case .uint(let number): bits = number
        default: throw noOverload(function.rawValue, values)
        }
        guard places >= 0 else { throw EvaluationFailure(.invalidValue, "`\(function.rawValue)` by a negative number") }
        // Swift's `<<` and `>>` of an unsigned integer give zero for 64 and more.
        let shifted = function == .bitShiftLeft ? bits << places : bits >> places
        if case .int = values[0] { return .int(Int64(bitPattern: shifted)) }
        return .uint(shifted)
    }
}

extension CELValue {
    /// Whether it is an int, uint or double.
    var isNumber: Bool {
        switch self {
        case .int, .uint, .double: true
        default: false
        }
    }
}
