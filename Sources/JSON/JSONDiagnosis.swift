/// Finds where a refused document is wrong: a second, slow reading that builds nothing.
///
/// simdjson says no without a place. This reader applies the same rules byte by byte and reports the first that is broken.
struct JSONDiagnosis {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var position = 0
    private var valuesLeft: Int

    /// The first error of a document that was refused.
    static func error(in bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) -> JSONError {
        firstError(in: bytes, limits: limits)
            ?? JSONError(.syntax, at: 0, in: bytes, "this is not JSON")
    }

    /// The first error; `nil` when there is none.
    static func firstError(in bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) -> JSONError? {
        var diagnosis = JSONDiagnosis(bytes: bytes, limits: limits, valuesLeft: limits.maxValues)
        do throws(JSONError) {
            try diagnosis.document()
            return nil
        } catch {
            return error
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, valuesLeft: Int) {
        self.bytes = bytes
        self.limits = limits
        self.valuesLeft = valuesLeft
    }

    // MARK: Structure

    private mutating func document() throws(JSONError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw failure(.syntax, at: 0, "a byte order mark is not allowed") }
        skipWhitespace()
        if position == bytes.count { throw failure(.empty, at: position, "the document is empty") }
        try value(depth: 0)
        skipWhitespace()
        if position < bytes.count { throw unexpected("the end of the document") }
    }

    private mutating func value(depth: Int) throws(JSONError) {
        guard valuesLeft > 0 else {
            throw failure(.tooManyValues, at: position, "more than \(limits.maxValues) values")
        }
        valuesLeft -= 1
        switch peek() {
        case UInt8(ascii: "{"): try object(depth: depth + 1)
        case UInt8(ascii: "["): try array(depth: depth + 1)
        case UInt8(ascii: "\""): _ = try string(collecting: false)
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func array(depth: Int) throws(JSONError) {
        try enter(depth: depth)
        if take(UInt8(ascii: "]")) { return }
        while true {
            try value(depth: depth)
            skipWhitespace()
            if take(UInt8(ascii: "]")) { return }
            guard take(UInt8(ascii: ",")) else { throw unexpected("\",\" or \"]\"") }
            skipWhitespace()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) {
        try enter(depth: depth)
        if take(UInt8(ascii: "}")) { return }
        var names: Set<[UInt8]> = []
        while true {
            let start = position
            guard peek() == UInt8(ascii: "\"") else { throw unexpected("a member name in quotes") }
            let name = try string(collecting: true)
            guard names.insert(name).inserted else {
                throw failure(.duplicateName, at: start, "duplicate member name \(DiagnosticText.quoted(name))")
            }
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("\":\"") }
            skipWhitespace()
            try value(depth: depth)
            skipWhitespace()
            if take(UInt8(ascii: "}")) { return }
            guard take(UInt8(ascii: ",")) else { throw unexpected("\",\" or \"}\"") }
            skipWhitespace()
        }
    }

    /// Steps over the bracket that opens a container.
    private mutating func enter(depth: Int) throws(JSONError) {
        guard depth <= limits.maxDepth else {
            throw failure(.tooDeep, at: position, "nested deeper than \(limits.maxDepth) levels")
        }
        position += 1
        skipWhitespace()
    }

    // MARK: Scalars

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[index]) else { throw unexpected("\(word)") }
        }
    }

    private mutating func number() throws(JSONError) {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let integerStart = position
        if !take(UInt8(ascii: "0")) {
            guard skipDigits() else { throw unexpected("a digit") }
        }
        let integer = integerStart..<position
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard skipDigits() else { throw unexpected("a digit") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() else { throw unexpected("a digit") }
        }
        if isInteger ? !fits(bytes[integer], isNegative: isNegative) : !isFinite(bytes[start..<position]) {
            throw failure(.numberOutOfRange, at: start, "number out of range")
        }
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position > start
    }

    private func fits(_ digits: Slice<UnsafeBufferPointer<UInt8>>, isNegative: Bool) -> Bool {
        guard let magnitude = UInt64(String(decoding: digits, as: UTF8.self)) else { return false }
        return !isNegative || magnitude <= Int64.min.magnitude
    }

    private func isFinite(_ number: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        Double(String(decoding: number, as: UTF8.self))?.isFinite ?? false
    }

    // MARK: Strings

    /// Steps over a string, its opening quote next; returns its unescaped bytes when `collecting`.
    private mutating func string(collecting: Bool) throws(JSONError) -> [UInt8] {
        position += 1
        var content: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return content
            case UInt8(ascii: "\\"):
                let scalar = try escape()
                if collecting { content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
            case 0..<0x20:
                let shown = DiagnosticText.quoted([byte])
                throw failure(.syntax, at: position, "control character \(shown) in a string; write it as an escape")
            default:
                guard let length = UTF8Sequence.length(at: position, in: bytes) else {
                    throw failure(.invalidUTF8, at: position, "these bytes are not UTF-8")
                }
                if collecting { content.append(contentsOf: bytes[position..<position + length]) }
                position += length
            }
        }
        throw unexpected("the end of the string")
    }

    /// Steps over an escape, its backslash next; returns what it stands for.
    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let kind = peek() else { throw unexpected("an escape") }
        if kind == UInt8(ascii: "u") {
            position += 1
            return try unicodeEscape(from: start)
        }
        guard let scalar = Self.shortEscapes[kind] else {
            throw failure(.syntax, at: start, "there is no escape \(DiagnosticText.quoted([UInt8(ascii: "\\"), kind]))")
        }
        position += 1
        return scalar
    }

    /// Steps over the digits of an escape, and over the escape of the second half when these are the first of a surrogate pair.
    private mutating func unicodeEscape(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let second = try fourHexDigits()
            if (0xDC00...0xDFFF).contains(second) {
                let number = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                if let scalar = Unicode.Scalar(number) { return scalar }
            }
        }
        throw failure(.invalidUTF8, at: start, "this escape is half a surrogate pair")
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap(Self.hexDigit) else { throw unexpected("a hexadecimal digit") }
            number = number << 4 | digit
            position += 1
        }
        return number
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private static let shortEscapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
        UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]

    // MARK: Steps

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func failure(_ code: JSONError.Code, at offset: Int, _ message: String) -> JSONError {
        JSONError(code, at: offset, in: bytes, message)
    }

    /// The error for what stands at the present place instead of what should.
    private func unexpected(_ expected: String) -> JSONError {
        guard position < bytes.count else {
            return failure(.syntax, at: position, "the document ends here; expected \(expected)")
        }
        guard let length = UTF8Sequence.length(at: position, in: bytes) else {
            return failure(.invalidUTF8, at: position, "these bytes are not UTF-8")
        }
        let found = DiagnosticText.quoted(Array(bytes[position..<position + length]))
        return failure(.syntax, at: position, "unexpected \(found); expected \(expected)")
    }
}
