/// Arithmetic and comparison. Whole numbers never wrap: what does not fit is a failure.
extension CELLibrary {
    /// The value of an operator with two operands.
    static func binary(
        _ name: CELOperator, _ left: CELValue, _ right: CELValue, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch name {
        case .equal: return .bool(try CELValue.equals(left, right, meter: &meter))
        case .notEqual: return .bool(try !CELValue.equals(left, right, meter: &meter))
        case .less: return .bool(try order(left, right, name, meter: &meter) == .less)
        case .greater: return .bool(try order(left, right, name, meter: &meter) == .greater)
        case .lessOrEqual:
            let order = try order(left, right, name, meter: &meter)
            return .bool(order == .less || order == .equal)
        case .greaterOrEqual:
            let order = try order(left, right, name, meter: &meter)
            return .bool(order == .greater || order == .equal)
        case .in: return .bool(try contains(right, left, meter: &meter))
        case .add: return try sum(left, right, meter: &meter)
        case .subtract: return try difference(left, right)
        case .multiply: return try product(left, right)
        case .divide: return try quotient(left, right)
        case .remainder: return try remainder(left, right)
        }
    }

    private static func order(
        _ left: CELValue, _ right: CELValue, _ name: CELOperator, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue.Ordering {
        if let numeric = CELValue.numericOrdering(left, right) { return numeric }
        switch (left, right) {
        case (.bool(let left), .bool(let right)): return left == right ? .equal : (right ? .less : .greater)
        case (.string(let left), .string(let right)):
            try meter.charge(bytes: min(left.utf8.count, right.utf8.count))
            return CELValue.order(left.utf8, bytes: right.utf8)
        case (.bytes(let left), .bytes(let right)):
            try meter.charge(bytes: min(left.count, right.count))
            return CELValue.order(left, bytes: right)
        case (.timestamp(let left), .timestamp(let right)): return left < right ? .less : (left == right ? .equal : .greater)
        case (.duration(let left), .duration(let right)): return left < right ? .less : (left == right ? .equal : .greater)
        default: throw noOverload(name.rawValue, left, right)
        }
    }

    private static func contains(
        _ container: CELValue, _ value: CELValue, meter: inout CELMeter
    ) throws(EvaluationFailure) -> Bool {
        switch container {
        case .list(let items):
            for item in items where try CELValue.equals(item, value, meter: &meter) { return true }
            return false
        case .map(let map):
            try chargeKey(value, meter: &meter)
            return map[value] != nil
        default: throw noOverload("in", value, container)
        }
    }

    private static func sum(
        _ left: CELValue, _ right: CELValue, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try fitting(left.addingReportingOverflow(right)))
        case (.uint(let left), .uint(let right)): return .uint(try fitting(left.addingReportingOverflow(right)))
        case (.double(let left), .double(let right)): return .double(left + right)
        case (.string(let left), .string(let right)):
            try meter.allocate(text: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.bytes(let left), .bytes(let right)):
            try meter.allocate(text: left.count + right.count)
            return .bytes(left + right)
        case (.list(let left), .list(let right)):
            try meter.allocate(elements: left.count + right.count)
            return .list(left + right)
        case (.timestamp(let instant), .duration(let span)), (.duration(let span), .timestamp(let instant)):
            return .timestamp(try inRange(instant.adding(span.nanoseconds)))
        case (.duration(let left), .duration(let right)):
            let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
            return .duration(CELDuration(nanoseconds: try fitting((sum, overflow))))
        default: throw noOverload("+", left, right)
        }
    }

    private static func difference(_ left: CELValue, _ right: CELValue) throws(EvaluationFailure) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try fitting(left.subtractingReportingOverflow(right)))
        case (.uint(let left), .uint(let right)): return .uint(try fitting(left.subtractingReportingOverflow(right)))
        case (.double(let left), .double(let right)): return .double(left - right)
        case (.timestamp(let left), .timestamp(let right)): return .duration(try inRange(left.since(right)))
        case (.timestamp(let instant), .duration(let span)):
            let negated = try fitting(Int64(0).subtractingReportingOverflow(span.nanoseconds))
            return .timestamp(try inRange(instant.adding(negated)))
        case (.duration(let left), .duration(let right)):
            let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
            return .duration(CELDuration(nanoseconds: try fitting((difference, overflow))))
        default: throw noOverload("-", left, right)
        }
    }

    private static func product(_ left: CELValue, _ right: CELValue) throws(EvaluationFailure) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try fitting(left.multipliedReportingOverflow(by: right)))
        case (.uint(let left), .uint(let right)): return .uint(try fitting(left.multipliedReportingOverflow(by: right)))
        case (.double(let left), .double(let right)): return .double(left * right)
        default: throw noOverload("*", left, right)
        }
    }

    private static func quotient(_ left: CELValue, _ right: CELValue) throws(EvaluationFailure) -> CELValue {
        switch (left, right) {
        case (.int(_), .int(0)), (.uint(_), .uint(0)): throw EvaluationFailure(.divisionByZero, "division by zero")
        case (.int(let left), .int(let right)): return .int(try fitting(left.dividedReportingOverflow(by: right)))
        case (.uint(let left), .uint(let right)): return .uint(left / right)
        case (.double(let left), .double(let right)): return .double(left / right)
        default: throw noOverload("/", left, right)
        }
    }

    private static func remainder(_ left: CELValue, _ right: CELValue) throws(EvaluationFailure) -> CELValue {
        switch (left, right) {
        case (.int(_), .int(0)), (.uint(_), .uint(0)): throw EvaluationFailure(.divisionByZero, "remainder by zero")
        case (.int(let left), .int(let right)): return .int(try fitting(left.remainderReportingOverflow(dividingBy: right)))
        case (.uint(let left), .uint(let right)): return .uint(left % right)
        default: throw noOverload("%", left, right)
        }
    }

    /// `!x`.
    static func not(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        guard case .bool(let flag) = value else { throw noOverload("!", value) }
        return .bool(!flag)
    }

    /// `-x`.
    static func negated(_ value: CELValue) throws(EvaluationFailure) -> CELValue {
        switch value {
        case .int(let number): return .int(try fitting(Int64(0).subtractingReportingOverflow(number)))
        case .double(let number): return .double(-number)
        default: throw noOverload("-", value)
        }
    }

    private static func fitting<Value>(_ result: (partialValue: Value, overflow: Bool)) throws(EvaluationFailure) -> Value {
        if result.overflow { throw EvaluationFailure(.overflow, "the result does not fit 64 bits") }
        return result.partialValue
    }

    private static func inRange<Value>(_ value: Value?) throws(EvaluationFailure) -> Value {
        guard let value else { throw EvaluationFailure(.overflow, "the result is out of range for dates and spans of time") }
        return value
    }
}
