/// `format` of the `strings` extension: `%s %d %f %e %b %o %x %X` with a precision for `%f` and `%e` (cel-spec,
/// doc/extensions/strings.md).
///
/// Every piece is charged and measured before it is added, so that a value that holds one list many times can not blow up.
struct CELStringFormat {
    /// The longest fraction that `%f` and `%e` write, as in cel-go.
    static let maxPrecision = 100

    private(set) var meter: CELMeter
    private var made: [UInt8] = []

    init(meter: CELMeter) {
        self.meter = meter
    }

    /// The text with its clauses replaced by the arguments in their order; arguments that are left over are ignored.
    mutating func text(_ format: String, _ arguments: [CELValue]) throws(EvaluationFailure) -> String {
        let bytes = Array(format.utf8)
        var position = 0
        var next = 0
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 0x25) ?? bytes.count
            try append(bytes[position..<end])
            position = end
            guard position < bytes.count else { break }
            if position + 1 < bytes.count, bytes[position + 1] == 0x25 {
                try append([0x25])
                position += 2
                continue
            }
            let clause = try Self.clause(bytes, &position)
            guard next < arguments.count else {
                throw EvaluationFailure(.invalidValue, "the format has more clauses than there are arguments")
            }
            try add(arguments[next], clause)
            next += 1
        }
        try meter.allocate(text: made.count)
        return String(decoding: made, as: UTF8.self)
    }

    private struct Clause {
        let letter: UInt8
        let precision: Int
    }

    /// Reads a clause from its `%` on.
    private static func clause(_ bytes: [UInt8], _ position: inout Int) throws(EvaluationFailure) -> Clause {
        position += 1
        var precision = 6
        if position < bytes.count, bytes[position] == 0x2E {
            let digits = bytes[(position + 1)...].prefix { (0x30...0x39).contains($0) }
            guard let number = Int(String(decoding: digits, as: UTF8.self)), number <= maxPrecision else {
                throw EvaluationFailure(.invalidValue, "a format's precision is a number from 0 to \(maxPrecision)")
            }
            precision = number
            position = digits.endIndex
        }
        guard position < bytes.count else { throw EvaluationFailure(.invalidValue, "the format ends within a clause") }
        defer { position += 1 }
        return Clause(letter: bytes[position], precision: precision)
    }

    private mutating func add(_ value: CELValue, _ clause: Clause) throws(EvaluationFailure) {
        switch clause.letter {
        case UInt8(ascii: "s"): try addText(value)
        case UInt8(ascii: "d"): try addDecimal(value, clause)
        case UInt8(ascii: "f"), UInt8(ascii: "e"):
            let number: Double
            switch value {
            case .int(let whole): number = Double(whole)
            case .uint(let whole): number = Double(whole)
            case .double(let given): number = given
            default: throw Self.refusal(clause, value)
            }
            // The exact decimals of a double take about that long to find.
            try meter.charge(units: 20)
            let decimal = CELExactDecimal(number)
            let isFixed = clause.letter == UInt8(ascii: "f")
            try append((isFixed ? decimal.fixed(clause.precision) : decimal.scientific(clause.precision)).utf8)
        case UInt8(ascii: "b"):
            if case .bool(let flag) = value { return try append([flag ? 0x31 : 0x30]) }
            try addWhole(value, radix: 2, clause)
        case UInt8(ascii: "o"): try addWhole(value, radix: 8, clause)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            switch value {
            case .string(let text): try addHexadecimal(Array(text.utf8), isUpper: clause.letter == UInt8(ascii: "X"))
            case .bytes(let bytes): try addHexadecimal(bytes, isUpper: clause.letter == UInt8(ascii: "X"))
            default: try addWhole(value, radix: 16, clause)
            }
        default: throw EvaluationFailure(.invalidValue, "a format's clauses are %s %d %f %e %b %o %x %X and %%")
        }
    }

    // MARK: - Clauses

    /// `%s`.
    private mutating func addText(_ value: CELValue) throws(EvaluationFailure) {
        try meter.charge(units: 1)
        switch value {
        case .null: try append("null".utf8)
        case .double(let number): try append(CELNumberText.plainText(of: number).utf8)
        case .string(let text): try append(text.utf8)
        case .bytes(let bytes): try append(Self.repaired(bytes))
        case .type(let type): try append(type.rawValue.utf8)
        case .duration(let span):
            try append((CELNumberText.plainText(of: span.secondsAsDouble) + "s").utf8)
        case .list(let items):
            try append([0x5B])
            for (index, item) in items.enumerated() {
                if index > 0 { try append(", ".utf8) }
                try addText(item)
            }
            try append([0x5D])
        case .map(let map): try addMap(map)
        case .bool, .int, .uint, .timestamp: try append(CELLibrary.text(of: value).utf8)
        case .optional, .ip, .cidr:
            throw EvaluationFailure(.noSuchOverload, "`%s` does not take \(value.type.title)")
        }
    }

    /// The entries in the order of their keys as texts.
    private mutating func addMap(_ map: CELMap) throws(EvaluationFailure) {
        var entries: [(key: [UInt8], value: CELValue)] = []
        for (key, value) in map.entries {
            var text = CELStringFormat(meter: meter)
            defer { meter = text.meter }
            try text.addText(key)
            entries.append((text.made, value))
        }
        entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
        try append([0x7B])
        for (index, entry) in entries.enumerated() {
            if index > 0 { try append(", ".utf8) }
            try append(entry.key)
            try append(": ".utf8)
            try addText(entry.value)
        }
        try append([0x7D])
    }

    private mutating func addDecimal(_ value: CELValue, _ clause: Clause) throws(EvaluationFailure) {
        if case .double(let number) = value { return try append(CELNumberText.plainText(of: number).utf8) }
        try addWhole(value, radix: 10, clause)
    }

    private mutating func addWhole(_ value: CELValue, radix: Int, _ clause: Clause) throws(EvaluationFailure) {
        let isUpper = clause.letter == UInt8(ascii: "X")
        switch value {
        case .int(let number): try append(String(number, radix: radix, uppercase: isUpper).utf8)
        case .uint(let number): try append(String(number, radix: radix, uppercase: isUpper).utf8)
        default: throw Self.refusal(clause, value)
        }
    }

    private mutating func addHexadecimal(_ bytes: [UInt8], isUpper: Bool) throws(EvaluationFailure) {
        let digits = Array((isUpper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
        try measure(bytes.count * 2)
        try append(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] })
    }

    private static func refusal(_ clause: Clause, _ value: CELValue) -> EvaluationFailure {
        let letter = Unicode.Scalar(clause.letter)
        return EvaluationFailure(.noSuchOverload, "`%\(letter)` does not take \(value.type.title)")
    }

    // MARK: - Pieces

    private mutating func append(_ bytes: some Collection<UInt8>) throws(EvaluationFailure) {
        try measure(bytes.count)
        try meter.charge(bytes: bytes.count)
        made += bytes
    }

    private func measure(_ more: Int) throws(EvaluationFailure) {
        guard made.count + more <= CELMeter.maxTextBytes else { throw CELMeter.textTooLong }
    }

    /// The bytes as UTF-8, where every run of bytes that are none is one U+FFFD.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        if let text = String(validating: bytes, as: UTF8.self) { return Array(text.utf8) }
        var made: [UInt8] = []
        var rest = bytes[...]
        var isBroken = false
        while let first = rest.first {
            let length = first < 0x80 ? 1 : (first < 0xE0 ? 2 : (first < 0xF0 ? 3 : 4))
            if String(validating: rest.prefix(length), as: UTF8.self) != nil {
                made += rest.prefix(length)
                rest = rest.dropFirst(length)
                isBroken = false
            } else {
                if !isBroken { made += [0xEF, 0xBF, 0xBD] }
                isBroken = true
                rest = rest.dropFirst()
            }
        }
        return made
    }
}
