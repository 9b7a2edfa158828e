/// Numbers: `42`, `0x2A`, `42u`, `4.2`, `.5`, `4e2`.
extension CELLexer {
    mutating func number() throws(CELSyntaxError) -> CELToken {
        let start = position
        if bytes[start] == 0x30, peek(1) | 0x20 == 0x78 { return try hexadecimal(start) }
        skipDigits()
        var isDouble = false
        if peek(0) == 0x2E, Self.isDigit(peek(1)) {
            isDouble = true
            position += 1
            skipDigits()
        }
        if peek(0) | 0x20 == 0x65 {
            let signs = peek(1) == 0x2B || peek(1) == 0x2D ? 1 : 0
            if Self.isDigit(peek(1 + signs)) {
                isDouble = true
                position += 1 + signs
                skipDigits()
            }
        }
        let digits = text(start..<position)
        if isDouble {
            guard let value = Double(digits), value.isFinite else {
                throw CELSyntaxError("the number is too large", span: start..<position)
            }
            return try finish(.double(value), start)
        }
        return try integer(UInt64(digits, radix: 10), start)
    }

    private mutating func hexadecimal(_ start: Int) throws(CELSyntaxError) -> CELToken {
        position += 2
        while position < bytes.count, Self.hexDigit(bytes[position]) != nil { position += 1 }
        guard position > start + 2 else {
            throw CELSyntaxError("`0x` needs hexadecimal digits after it", span: start..<position)
        }
        return try integer(UInt64(text(start + 2..<position), radix: 16), start)
    }

    private mutating func integer(_ value: UInt64?, _ start: Int) throws(CELSyntaxError) -> CELToken {
        guard let value else { throw CELSyntaxError("the number does not fit 64 bits", span: start..<position) }
        if peek(0) | 0x20 == 0x75 {
            position += 1
            return try finish(.uint(value), start)
        }
        return try finish(.int(value), start)
    }

    /// A number that runs into a letter or digit is a mistake: `10m`, `1.2.3`, `0b1`.
    private mutating func finish(_ kind: CELToken.Kind, _ start: Int) throws(CELSyntaxError) -> CELToken {
        let next = peek(0)
        guard Self.isIdentifierStart(next) || Self.isDigit(next) || (next == 0x2E && Self.isDigit(peek(1))) else {
            return CELToken(kind: kind, span: start..<position)
        }
        while Self.isIdentifierStart(peek(0)) || Self.isDigit(peek(0)) || peek(0) == 0x2E { position += 1 }
        let written = text(start..<position)
        // Days are no unit of CEL: such a span is shown in seconds.
        let span = CELDuration(text: written) == nil ? YAMLDuration.parse(written).map { "\($0.components.seconds)s" } : written
        throw CELSyntaxError(
            "`\(written)` is not a number", hint: span.map { "a span of time is `duration(\"\($0)\")`" } ?? "a text needs quotes",
            span: start..<position)
    }

    private mutating func skipDigits() {
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
    }

    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }
}
