/// Texts and byte strings: `"a"`, `'a'`, `"""a"""`, `r"\d"`, `b"\xff"`.
extension CELLexer {
    /// The literal that begins here, `nil` when none does.
    mutating func stringLiteral() throws(CELSyntaxError) -> CELToken? {
        let start = position
        var isRaw = false
        var isBytes = false
        var ahead = 0
        prefixes: while ahead < 2 {
            switch peek(ahead) | 0x20 {
            case 0x72 where !isRaw: isRaw = true
            case 0x62 where !isBytes && !isRaw: isBytes = true
            default: break prefixes
            }
            ahead += 1
        }
        let quote = peek(ahead)
        guard quote == 0x22 || quote == 0x27 else { return nil }
        position += ahead
        let isTriple = peek(1) == quote && peek(2) == quote
        position += isTriple ? 3 : 1
        var value: [UInt8] = []
        while !closes(quote, isTriple) {
            guard position < bytes.count, isTriple || (bytes[position] != 0x0A && bytes[position] != 0x0D) else {
                throw CELSyntaxError("the text is not closed", hint: closingHint(quote, isTriple), span: start..<position)
            }
            if bytes[position] == 0x5C, !isRaw {
                try escape(into: &value, isBytes: isBytes)
            } else {
                value.append(bytes[position])
                position += 1
            }
        }
        position += isTriple ? 3 : 1
        if isBytes { return CELToken(kind: .bytes(value), span: start..<position) }
        return CELToken(kind: .string(String(decoding: value, as: UTF8.self)), span: start..<position)
    }

    private func closes(_ quote: UInt8, _ isTriple: Bool) -> Bool {
        guard peek(0) == quote, position < bytes.count else { return false }
        return !isTriple || (peek(1) == quote && peek(2) == quote)
    }

    private func closingHint(_ quote: UInt8, _ isTriple: Bool) -> String {
        let mark = quote == 0x22 ? "\"" : "'"
        return "it ends with `\(isTriple ? mark + mark + mark : mark)`"
    }

    /// One escape sequence; numbers are code points in texts and bytes in byte strings.
    private mutating func escape(into value: inout [UInt8], isBytes: Bool) throws(CELSyntaxError) {
        let start = position
        position += 2
        let letter = start + 1 < bytes.count ? bytes[start + 1] : 0
        if let plain = Self.plainEscape(letter) {
            value.append(plain)
            return
        }
        let number: UInt32?
        switch letter {
        case 0x78, 0x58: number = hexadecimalEscape(digits: 2)
        case 0x75 where !isBytes: number = hexadecimalEscape(digits: 4)
        case 0x55 where !isBytes: number = hexadecimalEscape(digits: 8)
        case 0x30...0x33: number = octalEscape(start)
        default: number = nil
        }
        guard let number else {
            throw CELSyntaxError(
                "`\(text(start..<min(start + 2, bytes.count)))` is not an escape sequence",
                hint: "a backslash is written `\\\\`, or prefix the text with `r`", span: start..<min(start + 2, bytes.count))
        }
        if isBytes {
            value.append(UInt8(truncatingIfNeeded: number))
        } else if let scalar = Unicode.Scalar(number) {
            value.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            throw CELSyntaxError("the escape is not a code point", span: start..<position)
        }
    }

    private static func plainEscape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 0x61: 0x07
        case 0x62: 0x08
        case 0x66: 0x0C
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        case 0x76: 0x0B
        case 0x5C, 0x3F, 0x22, 0x27, 0x60: letter
        default: nil
        }
    }

    private mutating func hexadecimalEscape(digits: Int) -> UInt32? {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = Self.hexDigit(peek(0)), number <= 0x0FFF_FFFF else { return nil }
            number = number << 4 | digit
            position += 1
        }
        return number
    }

    private mutating func octalEscape(_ start: Int) -> UInt32? {
        position = start + 1
        var number: UInt32 = 0
        for _ in 0..<3 {
            guard (0x30...0x37).contains(peek(0)) else { return nil }
            number = number << 3 | UInt32(peek(0) - 0x30)
            position += 1
        }
        return number
    }
}
