/// The `strings` extension: positions and lengths count code points.
extension CELLibrary {
    static func strings(
        _ function: CELFunction, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        if function == .join { return try join(values, meter: &meter) }
        guard case .string(let text) = values[0] else { throw noOverload(function.rawValue, values) }
        try meter.charge(bytes: text.utf8.count)
        switch function {
        case .trim, .lowerAscii, .upperAscii, .reverse, .quote:
            let made = transform(function, text)
            try meter.allocate(text: made.utf8.count)
            return .string(made)
        case .charAt: return try character(text, values, meter: &meter)
        case .substring: return try substring(text, values, meter: &meter)
        case .indexOf: return try position(function, text, values, meter: &meter)
        case .lastIndexOf: return try position(function, text, values, meter: &meter)
        case .replace: return try replace(text, values, meter: &meter)
        case .split: return try split(text, values, meter: &meter)
        default:
            guard case .list(let arguments) = values[1] else { throw noOverload(function.rawValue, values) }
            var format = CELStringFormat(meter: meter)
            defer { meter = format.meter }
            return .string(try format.text(text, arguments))
        }
    }

    private static func transform(_ function: CELFunction, _ text: String) -> String {
        switch function {
        case .trim:
            let scalars = text.unicodeScalars
            guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
                let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
            else { return "" }
            return String(scalars[start...end])
        case .lowerAscii:
            return String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
        case .upperAscii:
            return String(decoding: text.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
        case .reverse:
            return String(String.UnicodeScalarView(text.unicodeScalars.reversed()))
        default: return quoted(text)
        }
    }

    /// The text as a literal in double quotes.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [0x22]
        for byte in text.utf8 {
            let letter: UInt8
            switch byte {
            case 0x07: letter = 0x61
            case 0x08: letter = 0x62
            case 0x0C: letter = 0x66
            case 0x0A: letter = 0x6E
            case 0x0D: letter = 0x72
            case 0x09: letter = 0x74
            case 0x0B: letter = 0x76
            case 0x5C, 0x22: letter = byte
            default:
                bytes.append(byte)
                continue
            }
            bytes += [0x5C, letter]
        }
        return String(decoding: bytes + [0x22], as: UTF8.self)
    }

    // MARK: - Parts

    private static func character(
        _ text: String, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        guard case .int(let index) = values[1] else { throw noOverload("charAt", values) }
        let bytes = Array(text.utf8)
        let start = try offset(index, in: bytes)
        let end = CELByteSearch.offset(ofCodePoint: 1, in: Array(bytes[start...].prefix(5))) ?? 0
        return try piece(bytes[start..<start + end], meter: &meter)
    }

    private static func substring(
        _ text: String, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        guard case .int(let first) = values[1] else { throw noOverload("substring", values) }
        let bytes = Array(text.utf8)
        let start = try offset(first, in: bytes)
        var end = bytes.count
        if values.count == 3 {
            guard case .int(let last) = values[2] else { throw noOverload("substring", values) }
            end = try offset(last, in: bytes)
        }
        guard start <= end else { throw EvaluationFailure(.invalidValue, "the substring ends before it begins") }
        return try piece(bytes[start..<end], meter: &meter)
    }

    private static func piece(_ bytes: ArraySlice<UInt8>, meter: inout CELMeter) throws(EvaluationFailure) -> CELValue {
        try meter.allocate(text: bytes.count)
        return .string(String(decoding: bytes, as: UTF8.self))
    }

    /// `indexOf` and `lastIndexOf`: -1 for what is not there.
    private static func position(
        _ function: CELFunction, _ text: String, _ values: [CELValue], meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        guard case .string(let part) = values[1] else { throw noOverload(function.rawValue, values) }
        try meter.charge(units: searchUnits(text, part))
        let bytes = Array(text.utf8)
        var start = function == .indexOf ? 0 : bytes.count
        if values.count == 3 {
            guard case .int(let given) = values[2] else { throw noOverload(function.rawValue, values) }
            start = try offset(given, in: bytes)
        }
        let wanted = Array(part.utf8)
        let found =
            function == .indexOf
            ? CELByteSearch.first(of: wanted, in: bytes, from: start) : CELByteSearch.last(of: wanted, in: bytes, upTo: start)
        return .int(found.map { CELByteSearch.codePoints(in: bytes, before: $0) } ?? -1)
    }

    private static func offset(_ codePoint: Int64, in bytes: [UInt8]) throws(EvaluationFailure) -> Int {
        guard let offset = CELByteSearch.offset(ofCodePoint: codePoint, in: bytes) else {
            throw EvaluationFailure(.invalidValue, "the position is outside the text")
        }
        return offset
    }

    /// What a search costs that may compare every byte of one with every byte of the other.
    static func searchUnits(_ text: String, _ part: String) -> Int {
        (text.utf8.count / 10 + 1) * (part.utf8.count / 10 + 1)
    }
}
