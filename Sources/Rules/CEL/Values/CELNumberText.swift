/// Numbers as text, the same on every machine and in every locale.
enum CELNumberText {
    /// The shortest text that reads back as the same number: `85`, `0.1`, `1e+21`, `NaN`, `+Inf`.
    ///
    /// Whole numbers have no fraction and exponents appear from 1e21 and below 1e-6, as ECMAScript writes numbers.
    static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        let sign = number.sign == .minus ? "-" : ""
        let (digits, point) = shortestDigits(number.magnitude)
        if digits.isEmpty { return sign + "0" }
        if (-5...21).contains(point) { return sign + plain(digits, point) }
        let exponent = point - 1
        let head = String(decoding: digits[..<1], as: UTF8.self)
        let tail = digits.count > 1 ? "." + String(decoding: digits[1...], as: UTF8.self) : ""
        return "\(sign)\(head)\(tail)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
    }

    /// The shortest decimal that reads back as the same number, never with an exponent: `85`, `0.1`, `NaN`, `-Infinity`.
    static func plainText(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        let (digits, point) = shortestDigits(number.magnitude)
        return (number.sign == .minus ? "-" : "") + (digits.isEmpty ? "0" : plain(digits, point))
    }

    private static func plain(_ digits: [UInt8], _ point: Int) -> String {
        let text = String(decoding: digits, as: UTF8.self)
        if point <= 0 { return "0." + String(repeating: "0", count: -point) + text }
        if digits.count <= point { return text + String(repeating: "0", count: point - digits.count) }
        return String(decoding: digits[..<point], as: UTF8.self) + "." + String(decoding: digits[point...], as: UTF8.self)
    }

    /// The significant digits and where the decimal point stands among them; taken from the standard library's shortest form.
    private static func shortestDigits(_ magnitude: Double) -> (digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        let bytes = Array("\(magnitude)".utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x2E {
                point = digits.count
            } else if byte == 0x65 {
                exponent = Int(String(decoding: bytes[(index + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(byte)
            }
        }
        var position = (point ?? digits.count) + exponent
        while digits.last == 0x30 { digits.removeLast() }
        while digits.first == 0x30 {
            digits.removeFirst()
            position -= 1
        }
        return (digits, position)
    }

    /// Whether the text is, byte by byte, one of the words.
    static func isOne(of words: [String], _ text: String) -> Bool {
        words.contains { $0.utf8.elementsEqual(text.utf8) }
    }

    /// Whether the text is digits, after a sign where one is allowed, and nothing else.
    static func isInteger(_ text: String, signed: Bool = true) -> Bool {
        var bytes = Array(text.utf8)[...]
        if signed, bytes.first == 0x2D || bytes.first == 0x2B { bytes = bytes.dropFirst() }
        return !bytes.isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Reads a decimal number that is in range; also `NaN`, `Infinity`, `inf` with an optional sign. No hexadecimal, no white space.
    static func double(_ text: String) -> Double? {
        if isOne(of: ["NaN", "nan"], text) { return .nan }
        if isOne(of: ["Infinity", "+Infinity", "inf", "+inf", "Inf", "+Inf"], text) { return .infinity }
        if isOne(of: ["-Infinity", "-inf", "-Inf"], text) { return -.infinity }
        let allowed = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        guard allowed, let number = Double(text), number.isFinite else { return nil }
        return number
    }
}
