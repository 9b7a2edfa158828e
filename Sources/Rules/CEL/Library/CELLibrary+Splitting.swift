/// `replace`, `split` and `join` of the `strings` extension.
///
/// Results are measured before they are made, so that a text that would be too long is never there.
extension CELLibrary {
    static func replace(
        _ text: String, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        guard case .string(let old) = values[1], case .string(let new) = values[2] else { throw noOverload("replace", values) }
        let limit = try limit(values, at: 3, of: "replace")
        try meter.charge(units: searchUnits(text, old))
        let bytes = Array(text.utf8)
        let places = places(of: Array(old.utf8), in: bytes, limit: limit)
        let (added, overflow) = places.count.multipliedReportingOverflow(by: new.utf8.count)
        try meter.allocate(text: overflow ? .max : bytes.count - places.count * old.utf8.count + added)
        var made: [UInt8] = []
        var position = 0
        for place in places {
            made += bytes[position..<place]
            made += new.utf8
            position = place + old.utf8.count
        }
        made += bytes[position...]
        return .string(String(decoding: made, as: UTF8.self))
    }

    static func split(
        _ text: String, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        guard case .string(let separator) = values[1] else { throw noOverload("split", values) }
        let limit = try limit(values, at: 2, of: "split")
        if limit == 0 { return .list([]) }
        try meter.charge(units: searchUnits(text, separator))
        let bytes = Array(text.utf8)
        var places = places(of: Array(separator.utf8), in: bytes, limit: limit.map { separator.utf8.isEmpty ? $0 : $0 - 1 })
        if separator.utf8.isEmpty {
            // Between the code points, not before the first and after the last one.
            guard !bytes.isEmpty else { return .list([]) }
            places.removeFirst()
            if places.last == bytes.count { places.removeLast() }
        }
        try meter.allocate(elements: places.count + 1)
        var parts: [CELValue] = []
        var position = 0
        for place in places + [bytes.count] {
            try meter.allocate(text: place - position)
            parts.append(.string(String(decoding: bytes[position..<place], as: UTF8.self)))
            position = place + separator.utf8.count
        }
        return .list(parts)
    }

    static func join(_ values: [CELValue], meter: inout CELMeter) throws(EvaluationFailure) -> CELValue {
        guard case .list(let items) = values[0] else { throw noOverload("join", values) }
        var separator = ""
        if values.count == 2 {
            guard case .string(let given) = values[1] else { throw noOverload("join", values) }
            separator = given
        }
        try meter.charge(bytes: items.count)
        var count = max(0, items.count - 1).multipliedReportingOverflow(by: separator.utf8.count)
        for item in items {
            guard case .string(let text) = item else {
                throw EvaluationFailure(.noSuchOverload, "`join` takes a list of texts, not of \(item.type.title)")
            }
            if !count.overflow { count = count.partialValue.addingReportingOverflow(text.utf8.count) }
        }
        try meter.allocate(text: count.overflow ? .max : count.partialValue)
        var made: [UInt8] = []
        made.reserveCapacity(count.partialValue)
        for (index, item) in items.enumerated() {
            if index > 0 { made += separator.utf8 }
            if case .string(let text) = item { made += text.utf8 }
        }
        return .string(String(decoding: made, as: UTF8.self))
    }

    /// How many pieces or replacements are wanted at most; `nil` for all, which a negative number means too.
    private static func limit(_ values: [CELValue], at index: Int, of name: String) throws(EvaluationFailure) -> Int? {
        guard values.count > index else { return nil }
        guard case .int(let limit) = values[index] else { throw noOverload(name, values) }
        return limit < 0 ? nil : Int(clamping: limit)
    }

    /// Where the part stands, without overlaps; an empty part stands before every code point and at the end.
    private static func places(of part: [UInt8], in bytes: [UInt8], limit: Int?) -> [Int] {
        var places: [Int] = []
        guard !part.isEmpty else {
            for position in 0...bytes.count where places.count < limit ?? .max {
                if position == bytes.count || bytes[position] & 0xC0 != 0x80 { places.append(position) }
            }
            return places
        }
        var position = 0
        while places.count < limit ?? .max, let place = CELByteSearch.first(of: part, in: bytes, from: position) {
            places.append(place)
            position = place + part.count
        }
        return places
    }
}
