/// Equality and order, exact over the number types and by bytes for text.
extension CELValue {
    /// How two values stand to each other; `unordered` where a NaN is among them.
    enum Ordering: Sendable {
        case less, equal, greater, unordered
    }

    /// CEL's `==`: values of different types are unequal, numbers are compared as numbers, NaN is unequal to itself.
    ///
    /// Charges `meter` for every element and every ten bytes that are compared.
    static func equals(_ left: CELValue, _ right: CELValue, meter: inout CELMeter) throws(EvaluationFailure) -> Bool {
        try meter.charge(units: 1)
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.string(let left), .string(let right)):
            try meter.charge(bytes: min(left.utf8.count, right.utf8.count))
            return left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)):
            try meter.charge(bytes: min(left.count, right.count))
            return left == right
        case (.timestamp(let left), .timestamp(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.type(let left), .type(let right)): return left == right
        case (.ip(let left), .ip(let right)): return left == right
        case (.cidr(let left), .cidr(let right)): return left == right
        case (.optional(nil), .optional(nil)): return true
        case (.optional(let left?), .optional(let right?)): return try equals(left, right, meter: &meter)
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            for (first, second) in zip(left, right) where try !equals(first, second, meter: &meter) { return false }
            return true
        case (.map(let left), .map(let right)): return try mapsEqual(left, right, meter: &meter)
        default: return numericOrdering(left, right) == .equal
        }
    }

    private static func mapsEqual(_ left: CELMap, _ right: CELMap, meter: inout CELMeter) throws(EvaluationFailure) -> Bool {
        guard left.count == right.count else { return false }
        for (key, value) in left.entries {
            guard let other = right[key], try equals(value, other, meter: &meter) else { return false }
        }
        return true
    }

    /// The order of two numbers, `nil` when one is not a number.
    static func numericOrdering(_ left: CELValue, _ right: CELValue) -> Ordering? {
        switch (left, right) {
        case (.int(let left), .int(let right)): order(left, right)
        case (.uint(let left), .uint(let right)): order(left, right)
        case (.double(let left), .double(let right)): order(left, right)
        case (.int(let left), .uint(let right)): left < 0 ? .less : order(UInt64(left), right)
        case (.uint(let left), .int(let right)): right < 0 ? .greater : order(left, UInt64(right))
        case (.int(let left), .double(let right)): order(left, right)
        case (.uint(let left), .double(let right)): order(left, right)
        case (.double(let left), .int(let right)): order(right, left).reversed
        case (.double(let left), .uint(let right)): order(right, left).reversed
        default: nil
        }
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Ordering {
        left < right ? .less : (left > right ? .greater : (left == right ? .equal : .unordered))
    }

    /// An integer against a double without rounding the integer: 2^53 + 1 is greater than 9007199254740992.0.
    ///
    /// One case is rounded, since cel-spec's conformance tests ask for it: the double just above the type's largest value
    /// (2^63, 2^64) is equal to that value.
    private static func order<Value: FixedWidthInteger>(_ integer: Value, _ number: Double) -> Ordering {
        if number.isNaN { return .unordered }
        let floor = number.rounded(.down)
        guard let whole = Value(exactly: floor) else {
            if number < 0 { return .greater }
            return integer == Value.max && number == Double(Value.max) ? .equal : .less
        }
        if integer < whole { return .less }
        if integer > whole { return .greater }
        return number > floor ? .less : .equal
    }

    /// The order of two texts by their UTF-8 bytes, which is the order of their code points.
    static func order(_ left: some Sequence<UInt8>, bytes right: some Sequence<UInt8>) -> Ordering {
        left.lexicographicallyPrecedes(right) ? .less : (right.lexicographicallyPrecedes(left) ? .greater : .equal)
    }
}

extension CELValue.Ordering {
    var reversed: CELValue.Ordering {
        switch self {
        case .less: .greater
        case .greater: .less
        case .equal, .unordered: self
        }
    }
}
