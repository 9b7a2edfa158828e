/// All decimals of a double, and its rounding to any number of them: half to even, as IEEE 754 and C's `printf` do.
struct CELExactDecimal {
    private let number: Double
    /// The digits without leading zeros; empty for zero, NaN and infinity.
    private let digits: [UInt8]
    /// How many digits stand before the decimal point; negative when zeros follow the point.
    private let point: Int

    init(_ number: Double) {
        self.number = number
        guard number.isFinite, number != 0 else {
            digits = []
            point = 0
            return
        }
        // The number is significand × 2^exponent with a whole significand; below zero, 2^-k is 5^k × 10^-k.
        let magnitude = number.magnitude
        let isNormal = magnitude.isNormal
        let significand = magnitude.significandBitPattern | (isNormal ? 1 << 52 : 0)
        let exponent = (isNormal ? Int(magnitude.exponentBitPattern) - 1_023 : -1_022) - 52
        var whole = DecimalNatural(significand)
        whole.multiply(by: exponent < 0 ? 5 : 2, times: exponent.magnitude)
        let digits = whole.digits
        point = exponent < 0 ? digits.count + exponent : digits.count
        self.digits = digits
    }

    /// `-12.345000`, or `NaN`, `Infinity`, `-Infinity`.
    func fixed(_ precision: Int) -> String {
        if let word { return word }
        let (rounded, point) = rounded(to: point + precision)
        var text = sign
        text += point <= 0 ? "0" : Self.text(rounded[..<min(point, rounded.count)])
        if point > rounded.count { text += String(repeating: "0", count: point - rounded.count) }
        guard precision > 0 else { return text }
        let fraction = point <= 0 ? [UInt8](repeating: 0x30, count: -point) + rounded : Array(rounded.dropFirst(point))
        return text + "." + Self.text(fraction.prefix(precision)) + Self.zeros(precision - fraction.count)
    }

    /// `-1.234500e+01`, or `NaN`, `Infinity`, `-Infinity`.
    func scientific(_ precision: Int) -> String {
        if let word { return word }
        let (rounded, point) = rounded(to: precision + 1)
        let exponent = digits.isEmpty ? 0 : point - 1
        let written = rounded + [UInt8](repeating: 0x30, count: max(0, precision + 1 - rounded.count))
        let fraction = precision > 0 ? "." + Self.text(written[1...precision]) : ""
        let places = String(exponent.magnitude)
        return sign + Self.text(written[..<1]) + fraction + (exponent < 0 ? "e-" : "e+") + Self.zeros(2 - places.utf8.count)
            + places
    }

    private var word: String? {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return nil
    }

    private var sign: String { number.sign == .minus ? "-" : "" }

    /// The first `count` digits, the last one rounded, and where the point stands then; a carry may add a digit.
    private func rounded(to count: Int) -> (digits: [UInt8], point: Int) {
        guard count < digits.count else { return (digits, point) }
        guard count >= 0 else { return ([], point) }
        var kept = Array(digits[..<count])
        let rest = digits[count...]
        let isUp: Bool
        if rest.first == 0x35, rest.dropFirst().allSatisfy({ $0 == 0x30 }) {
            isUp = (kept.last ?? 0x30) & 1 == 1
        } else {
            isUp = (rest.first ?? 0x30) >= 0x35
        }
        guard isUp else { return (kept, point) }
        var index = count - 1
        while index >= 0, kept[index] == 0x39 {
            kept[index] = 0x30
            index -= 1
        }
        if index >= 0 {
            kept[index] += 1
            return (kept, point)
        }
        return ([0x31] + kept, point + 1)
    }

    private static func text(_ digits: some Sequence<UInt8>) -> String { String(decoding: Array(digits), as: UTF8.self) }

    private static func zeros(_ count: Int) -> String { String(repeating: "0", count: max(0, count)) }
}

/// A natural number of any size, in groups of nine decimal digits, the lowest first.
private struct DecimalNatural {
    private var groups: [UInt64] = []
    private static let base: UInt64 = 1_000_000_000

    init(_ number: UInt64) {
        var rest = number
        while rest > 0 {
            groups.append(rest % Self.base)
            rest /= Self.base
        }
    }

    /// Multiplies by `factor`, at most 5, that many times.
    mutating func multiply(by factor: UInt64, times: UInt) {
        var left = times
        while left > 0 {
            // Twelve at once: 5^12 times a group stays far below 64 bits.
            let step = min(left, 12)
            multiply(by: (0..<step).reduce(UInt64(1)) { product, _ in product * factor })
            left -= step
        }
    }

    private mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in groups.indices {
            let product = groups[index] * factor + carry
            groups[index] = product % Self.base
            carry = product / Self.base
        }
        if carry > 0 { groups.append(carry) }
    }

    /// Without leading zeros.
    var digits: [UInt8] {
        guard let highest = groups.last else { return [] }
        var digits = Array(String(highest).utf8)
        for group in groups.dropLast().reversed() {
            let text = Array(String(group).utf8)
            digits += [UInt8](repeating: 0x30, count: 9 - text.count) + text
        }
        return digits
    }
}
