/// Fields, elements, and the literals that make lists and maps.
extension CELLibrary {
    /// `operand.field`, `operand.?field`; an optional stays one all the way down.
    ///
    /// - Throws: `missing` with `path` when a field that is not optional is not there.
    static func select(
        _ field: String, of operand: CELValue, isOptional: Bool, path: @autoclosure () -> String?
    ) throws(EvaluationFailure) -> CELValue {
        if case .optional(let inner) = operand {
            guard let inner else { return .optional(nil) }
            return .optional(try self.field(field, of: inner))
        }
        return try present(try self.field(field, of: operand), isOptional: isOptional, path: path())
    }

    /// `has(operand.field)`.
    static func has(_ field: String, in operand: CELValue) throws(EvaluationFailure) -> Bool {
        try self.field(field, of: operand) != nil
    }

    /// `operand[key]`, `operand[?key]`; an optional stays one all the way down.
    ///
    /// - Throws: `missing` with `path` when an element that is not optional is not there.
    static func index(
        _ operand: CELValue, at key: CELValue, isOptional: Bool, path: @autoclosure () -> String?, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        try chargeKey(key, meter: &meter)
        if case .optional(let inner) = operand {
            guard let inner else { return .optional(nil) }
            return .optional(try element(of: inner, at: key))
        }
        return try present(try element(of: operand, at: key), isOptional: isOptional, path: path())
    }

    private static func present(
        _ found: CELValue?, isOptional: Bool, path: @autoclosure () -> String?
    ) throws(EvaluationFailure) -> CELValue {
        if isOptional { return .optional(found) }
        guard let found else {
            let path = path() ?? "…"
            throw EvaluationFailure(.missing, "no such key: \(path)", path: path)
        }
        return found
    }

    /// The field, `nil` when it is not there.
    static func field(_ name: String, of value: CELValue) throws(EvaluationFailure) -> CELValue? {
        switch value {
        case .map(let map): return map[name]
        case .optional(let inner): return try inner.flatMap { inner throws(EvaluationFailure) in try field(name, of: inner) }
        default: throw EvaluationFailure(.type, "a value of type \(value.type.title) has no field `\(name)`")
        }
    }

    /// The element, `nil` when it is not there.
    static func element(of container: CELValue, at index: CELValue) throws(EvaluationFailure) -> CELValue? {
        switch container {
        case .map(let map): return map[index]
        case .list(let items):
            guard let position = position(index) else {
                throw EvaluationFailure(.type, "a list's index is a whole number, not \(index.type.title)")
            }
            return items.indices.contains(position) ? items[position] : nil
        default: throw EvaluationFailure(.type, "a value of type \(container.type.title) has no elements")
        }
    }

    /// For finding a key, whose bytes are all looked at.
    static func chargeKey(_ key: CELValue, meter: inout CELMeter) throws(EvaluationFailure) {
        if case .string(let text) = key { try meter.charge(bytes: text.utf8.count) }
    }

    /// A list position: any number without a fraction.
    private static func position(_ index: CELValue) -> Int? {
        switch index {
        case .int(let number): Int(exactly: number)
        case .uint(let number): Int(clamping: number)
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    /// Charges for a list literal of that many elements, before they are evaluated.
    static func chargeList(_ count: Int, meter: inout CELMeter) throws(EvaluationFailure) {
        try meter.charge(units: 10)
        try meter.allocate(elements: count)
    }

    /// Charges for a map literal of that many entries, before they are evaluated.
    static func chargeMap(_ count: Int, meter: inout CELMeter) throws(EvaluationFailure) {
        try meter.charge(units: 30)
        try meter.allocate(elements: count * 2)
    }

    /// Refuses a value that can not be a map's key.
    static func checkKey(_ key: CELValue) throws(EvaluationFailure) {
        guard key.isMapKey else {
            throw EvaluationFailure(.type, "a value of type \(key.type.title) can not be a map's key")
        }
    }

    /// A map of entries whose keys are all fit to be keys.
    static func map(_ entries: [(key: CELValue, value: CELValue)]) throws(EvaluationFailure) -> CELValue {
        guard let map = CELMap(entries) else { throw EvaluationFailure(.invalidValue, "a map has the same key twice") }
        return .map(map)
    }

    /// What a macro walks: the list's elements or the map's keys.
    static func walked(
        _ range: CELValue, by macro: CELComprehension.Macro, meter: inout CELMeter
    ) throws(EvaluationFailure) -> [CELValue] {
        switch range {
        case .list(let items): return items
        case .map(let map):
            try meter.charge(bytes: map.count)
            return map.keys
        default: throw EvaluationFailure(.type, "`\(macro.rawValue)` walks a list or a map, not \(range.type.title)")
        }
    }
}
