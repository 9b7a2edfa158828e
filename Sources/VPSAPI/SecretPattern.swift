/// A secret in the forms in which an answer may bring it back: as it is, with the escapes of JSON, URLs or HTML, also of text inside
/// text, in hexadecimal, and inside Base64.
///
/// Debugging pages and error handlers repeat what they were sent, and encode it for the place where they put it. ASCII case is
/// ignored, and so are backslashes; both can only strike out more.
struct SecretPattern {
    private let forms: [Form]
    /// Which forms can begin with a byte.
    private let starts: [[Int]]

    /// The forms of a secret; `nil` when there is nothing to look for.
    init?(_ secret: [UInt8]) {
        // A request's body is encoded as it was sent, which is with JSON's escapes.
        let escaped = secret.flatMap { [UInt8(ascii: "\""), Form.backslash].contains($0) ? [Form.backslash, $0] : [$0] }
        let encoded = (escaped == secret ? [secret] : [secret, escaped])
            .flatMap { [Form(Self.hexadecimal($0), isCaseSensitive: false)] + Self.base64($0) }
        let forms = ([Form(secret, isCaseSensitive: false)] + encoded).filter { !$0.isEmpty }
        guard !forms.isEmpty else { return nil }
        self.forms = forms
        starts = (0...UInt8.max).map { byte in forms.indices.filter { forms[$0].canBegin(with: byte) } }
    }

    /// Where the form ends that begins at that place; `nil` when none does. Backslashes before it belong to it.
    func end(in bytes: [UInt8], from start: Int) -> Int? {
        let candidates = starts[Int(bytes[start])]
        guard !candidates.isEmpty else { return nil }
        let isEscaped = start > 0 && bytes[start - 1] == Form.backslash
        for index in candidates {
            if let end = forms[index].end(in: bytes, from: start, isEscaped: isEscaped) { return end }
        }
        return nil
    }

    private static func hexadecimal(_ secret: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return secret.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// What Base64 makes of the secret after none, one or two bytes of something else, without the characters that those share in.
    private static func base64(_ secret: [UInt8]) -> [Form] {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var forms: [Form] = []
        for tail in ["+/", "-_"] {
            let alphabet = letters + Array(tail.utf8)
            for offset in 0..<3 {
                let bytes = [UInt8](repeating: 0, count: offset) + secret
                let whole = (0..<(bytes.count * 8 / 6)).map { character in
                    let bit = character * 6
                    let pair = Int(bytes[bit / 8]) << 8 | (bit / 8 + 1 < bytes.count ? Int(bytes[bit / 8 + 1]) : 0)
                    return alphabet[(pair >> (10 - bit % 8)) & 63]
                }
                let own = whole.dropFirst((offset * 8 + 5) / 6)
                // Shorter ones are in any text.
                if own.count >= 8 { forms.append(Form(Array(own), isCaseSensitive: true)) }
            }
        }
        return forms
    }
}

/// One form: characters in a row, each of which may be escaped.
private struct Form {
    /// A character; without an array of its own, since a secret may be a long file.
    private struct Unit {
        let scalar: UInt32
        private let packed: UInt32
        let count: Int8

        init(_ scalar: UInt32, _ utf8: some Collection<UInt8>) {
            self.scalar = scalar
            packed = utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
            count = Int8(utf8.count)
        }

        /// The bytes in UTF-8, 1 to 4 of them.
        var utf8: some Sequence<UInt8> {
            (0..<UInt32(count)).lazy.map { UInt8(truncatingIfNeeded: packed >> ($0 * 8)) }
        }
        var first: UInt8 { UInt8(truncatingIfNeeded: packed) }
    }

    /// The most backslashes before a character: what is escaped four times over has fifteen.
    private static let backslashesMax = 16
    static let backslash = UInt8(ascii: "\\")
    /// What stands for a control after a backslash.
    private static let controls: [UInt8: UInt32] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C,
    ]
    private static let entities: [(name: [UInt8], scalar: UInt32)] = [
        ("&quot;", 0x22), ("&amp;", 0x26), ("&apos;", 0x27), ("&lt;", 0x3C), ("&gt;", 0x3E),
    ].map { (Array($0.utf8), $1) }

    private let units: [Unit]
    private let isCaseSensitive: Bool

    init(_ bytes: [UInt8], isCaseSensitive: Bool) {
        self.isCaseSensitive = isCaseSensitive
        let units =
            String(validating: bytes, as: UTF8.self).map { text in
                text.unicodeScalars.map { Unit($0.value, UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) }
            } ?? bytes.map { Unit(UInt32($0), CollectionOfOne($0)) }
        self.units = units.filter { $0.scalar != UInt32(Self.backslash) }
    }

    var isEmpty: Bool { units.isEmpty }

    /// Whether the form can begin with that byte, backslashes aside.
    func canBegin(with byte: UInt8) -> Bool {
        guard let first = units.first else { return false }
        return isSame(byte, first.first) || Self.controls[byte] == first.scalar || byte == UInt8(ascii: "u")
            || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "&") || (byte == UInt8(ascii: "+") && first.scalar == 0x20)
    }

    /// Every way to read the text is followed at once: `%2` may be an escape or a percent sign and a digit.
    func end(in bytes: [UInt8], from start: Int, isEscaped: Bool) -> Int? {
        var places: [Int] = []
        for (index, unit) in units.enumerated() {
            var next: [Int] = []
            if index == 0 {
                addEnds(of: unit, in: bytes, at: start, isEscaped: isEscaped, to: &next)
            } else {
                for place in places {
                    let past = Self.skippingBackslashes(in: bytes, from: place)
                    addEnds(of: unit, in: bytes, at: past, isEscaped: past > place, to: &next)
                }
            }
            guard !next.isEmpty else { return nil }
            places = next
        }
        return places.max()
    }

    private func addEnds(of unit: Unit, in bytes: [UInt8], at place: Int, isEscaped: Bool, to ends: inout [Int]) {
        guard place < bytes.count else { return }
        func add(_ end: Int?) {
            if let end, !ends.contains(end) { ends.append(end) }
        }
        if isEscaped {
            add(Self.unicodeEscape(of: unit.scalar, in: bytes, from: place))
            if Self.controls[bytes[place]] == unit.scalar { add(place + 1) }
        }
        add(literal(unit, in: bytes, from: place))
        add(percentEncoded(unit, in: bytes, from: place))
        add(Self.entity(of: unit.scalar, in: bytes, from: place))
    }

    private func literal(_ unit: Unit, in bytes: [UInt8], from place: Int) -> Int? {
        let end = place + Int(unit.count)
        guard end <= bytes.count, zip(bytes[place..<end], unit.utf8).allSatisfy({ isSame($0, $1) }) else { return nil }
        return end
    }

    private func percentEncoded(_ unit: Unit, in bytes: [UInt8], from start: Int) -> Int? {
        if unit.scalar == 0x20, start < bytes.count, bytes[start] == UInt8(ascii: "+") { return start + 1 }
        var place = start
        for byte in unit.utf8 {
            guard place + 2 < bytes.count, bytes[place] == UInt8(ascii: "%"),
                let value = Self.number(bytes[(place + 1)..<(place + 3)], radix: 16),
                isSame(UInt8(truncatingIfNeeded: value), byte)
            else { return nil }
            place += 3
        }
        return place
    }

    private func isSame(_ left: UInt8, _ right: UInt8) -> Bool {
        isCaseSensitive ? left == right : left.asciiLowercase == right.asciiLowercase
    }

    /// Past backslashes, however they are written.
    private static func skippingBackslashes(in bytes: [UInt8], from start: Int) -> Int {
        var place = start
        for _ in 0..<backslashesMax {
            guard place < bytes.count else { return place }
            switch bytes[place] {
            case backslash: place += 1
            case UInt8(ascii: "u"):
                guard place > start, let end = unicodeEscape(of: UInt32(backslash), in: bytes, from: place) else { return place }
                place = end
            case UInt8(ascii: "%"):
                guard bytes[place...].starts(with: "%5c".utf8) || bytes[place...].starts(with: "%5C".utf8) else { return place }
                place += 3
            case UInt8(ascii: "&"):
                guard let end = entity(of: UInt32(backslash), in: bytes, from: place) else { return place }
                place = end
            default: return place
            }
        }
        return place
    }

    /// `u00e9` after a backslash, and pairs of surrogates.
    private static func unicodeEscape(of scalar: UInt32, in bytes: [UInt8], from place: Int) -> Int? {
        guard scalar > 0xFFFF else { return unicodeEscape(ofUnit: scalar, in: bytes, from: place) }
        guard let middle = unicodeEscape(ofUnit: 0xD7C0 + (scalar >> 10), in: bytes, from: place) else { return nil }
        let past = skippingBackslashes(in: bytes, from: middle)
        return past > middle ? unicodeEscape(ofUnit: 0xDC00 | (scalar & 0x3FF), in: bytes, from: past) : nil
    }

    private static func unicodeEscape(ofUnit unit: UInt32, in bytes: [UInt8], from place: Int) -> Int? {
        guard place + 4 < bytes.count, bytes[place] == UInt8(ascii: "u"),
            number(bytes[(place + 1)..<(place + 5)], radix: 16) == unit
        else { return nil }
        return place + 5
    }

    /// `&quot;`, `&#34;`, `&#x22;`.
    private static func entity(of scalar: UInt32, in bytes: [UInt8], from place: Int) -> Int? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "&") else { return nil }
        for entity in entities where entity.scalar == scalar && bytes[place...].starts(with: entity.name) {
            return place + entity.name.count
        }
        guard let end = bytes[place...].prefix(10).firstIndex(of: UInt8(ascii: ";")), end > place + 2,
            bytes[place + 1] == UInt8(ascii: "#")
        else { return nil }
        let digits = bytes[(place + 2)..<end]
        let isHexadecimal = digits.first.map { $0.asciiLowercase == UInt8(ascii: "x") } ?? false
        let value = isHexadecimal ? number(digits.dropFirst(), radix: 16) : number(digits, radix: 10)
        return value == scalar ? end + 1 : nil
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: UInt32) -> UInt32? {
        guard (1...7).contains(digits.count) else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            switch digit.asciiLowercase {
            case let byte where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                value = value * radix + UInt32(byte - UInt8(ascii: "0"))
            case let byte where radix == 16 && (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
                value = value * radix + UInt32(byte - UInt8(ascii: "a")) + 10
            default: return nil
            }
        }
        return value
    }
}

extension UInt8 {
    fileprivate var asciiLowercase: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self + 32 : self }
}
