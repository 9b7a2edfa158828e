/// A scalar: its text, how it was written, and what the core schema of YAML 1.2 makes of it.
package struct YAMLScalar: Sendable {
    /// How it was written.
    package enum Style: Sendable {
        case plain
        case singleQuoted
        case doubleQuoted
        /// `|` or `>`.
        case block
    }

    /// What a scalar means.
    package enum Value: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string

        var title: String {
            switch self {
            case .null: "nothing"
            case .bool: "true or false"
            case .int: "a whole number"
            case .double: "a number"
            case .string: "a text"
            }
        }
    }

    /// The text, escapes and folding worked in.
    package let text: String
    /// How it was written; only a plain scalar is anything but a text.
    package let style: Style
    /// What the core schema makes of it.
    package let value: Value

    init(text: String, style: Style) {
        self.text = text
        self.style = style
        value = style == .plain ? Self.resolve(text) : .string
    }

    /// The core schema (YAML 1.2.2, section 10.3.2); an integer beyond 64 bits is a double.
    static func resolve(_ text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
        case ".nan", ".NaN", ".NAN": return .double(.nan)
        default: break
        }
        let bytes = Array(text.utf8)
        if bytes.starts(with: "0x".utf8), let number = UInt64(text.dropFirst(2), radix: 16), bytes.dropFirst(2).allSatisfy(isHex)
        {
            return whole(number)
        }
        if bytes.starts(with: "0o".utf8), bytes.dropFirst(2).allSatisfy({ (0x30...0x37).contains($0) }),
            let number = UInt64(text.dropFirst(2), radix: 8)
        {
            return whole(number)
        }
        if CELNumberText.isInteger(text) {
            return Int64(text).map(Value.int) ?? .double(Double(text) ?? .infinity)
        }
        return isFloat(bytes) ? Double(text).map(Value.double) ?? .string : .string
    }

    private static func whole(_ number: UInt64) -> Value {
        Int64(exactly: number).map(Value.int) ?? .double(Double(number))
    }

    private static func isHex(_ byte: UInt8) -> Bool { CELLexer.hexDigit(byte) != nil }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
    private static func isFloat(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        func digits() -> Int {
            let count = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
        let whole = digits()
        var fraction = 0
        if rest.first == 0x2E {
            rest = rest.dropFirst()
            fraction = digits()
        }
        guard whole + fraction > 0 else { return false }
        if let letter = rest.first, letter == 0x65 || letter == 0x45 {
            rest = rest.dropFirst()
            if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// Whether YAML 1.1 would have read the text as true or false; the value then meant.
    static func yaml11Bool(_ text: String) -> Bool? {
        switch String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self) {
        case "yes", "y", "on", "true": true
        case "no", "n", "off", "false": false
        default: nil
        }
    }
}
