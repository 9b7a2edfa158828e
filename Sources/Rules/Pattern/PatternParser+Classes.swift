/// Escapes and classes in brackets.
extension PatternParser {
    /// What follows a backslash outside brackets.
    mutating func escape() throws(PatternError) -> PatternTree {
        guard let letter = current else { throw PatternError("the pattern ends with a backslash") }
        switch letter {
        case "b", "B", "A", "z":
            position += 1
            let assertions: [Unicode.Scalar: Pattern.Assertion] = [
                "b": .wordBoundary, "B": .notWordBoundary, "A": .textStart, "z": .textEnd,
            ]
            return assertions[letter].map { .assert($0) } ?? .empty
        case "Q":
            position += 1
            return quoted()
        default: break
        }
        if let set = namedClass() { return .take(folding(set)) }
        return .take(folding(.one(try escapedScalar())))
    }

    /// `\Q…\E`: everything between stands for itself.
    private mutating func quoted() -> PatternTree {
        var parts: [PatternTree] = []
        while let scalar = current {
            position += 1
            if scalar == "\\", take("E") { break }
            parts.append(.take(folding(.one(scalar))))
        }
        return .sequence(parts)
    }

    /// `\d \D \s \S \w \W`, the backslash already taken.
    private mutating func namedClass() -> PatternClass? {
        var set: PatternClass
        switch current {
        case "d", "D": set = .digit
        case "s", "S": set = .space
        case "w", "W": set = .word
        default: return nil
        }
        set.isNegated = current == "D" || current == "S" || current == "W"
        position += 1
        return set
    }

    /// One escaped scalar, the backslash already taken.
    private mutating func escapedScalar() throws(PatternError) -> Unicode.Scalar {
        guard let letter = current else { throw PatternError("the pattern ends with a backslash") }
        position += 1
        switch letter {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0B}"
        case "x": return try hexadecimal()
        case "p", "P": throw PatternError("Unicode classes such as `\\pL` are not supported in patterns")
        case "1"..."9": throw PatternError("back-references are not supported in patterns")
        default:
            guard letter.isASCII, !PatternClass.word.contains(letter) else {
                throw PatternError("`\\\(letter)` is not an escape in patterns")
            }
            return letter
        }
    }

    /// `\xHH` or `\x{H…}`.
    private mutating func hexadecimal() throws(PatternError) -> Unicode.Scalar {
        let isBraced = take("{")
        var value: UInt32 = 0
        var digits = 0
        while let scalar = current, scalar.isASCII, let digit = CELLexer.hexDigit(UInt8(scalar.value)),
            digits < (isBraced ? 6 : 2)
        {
            value = value << 4 | digit
            digits += 1
            position += 1
        }
        guard isBraced ? (digits > 0 && take("}")) : digits == 2, let scalar = Unicode.Scalar(value) else {
            throw PatternError("`\\x` in the pattern is not followed by two digits or `{…}`")
        }
        return scalar
    }

    /// A class in brackets, the opening one already taken.
    mutating func bracketClass() throws(PatternError) -> PatternClass {
        var set = PatternClass()
        set.isNegated = take("^")
        var isFirst = true
        while let scalar = current {
            if scalar == "]", !isFirst {
                position += 1
                return set
            }
            isFirst = false
            if let ranges = try posixClass() {
                set.ranges += ranges
                continue
            }
            position += 1
            if scalar == "\\", let named = namedClass() {
                set.ranges += named.positiveRanges
                continue
            }
            let low = scalar == "\\" ? try escapedScalar() : scalar
            set.ranges.append(try range(from: low))
        }
        throw PatternError("a `[` in the pattern is not closed")
    }

    /// The range that begins with a scalar; of one scalar when no `-` follows.
    private mutating func range(from low: Unicode.Scalar) throws(PatternError) -> ClosedRange<UInt32> {
        guard current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { return low.value...low.value }
        position += 1
        guard let next = current else { throw PatternError("a `[` in the pattern is not closed") }
        position += 1
        let high = next == "\\" ? try escapedScalar() : next
        guard low.value <= high.value else { throw PatternError("a range in the pattern's brackets runs backwards") }
        return low.value...high.value
    }

    /// `[:name:]` or `[:^name:]`.
    private mutating func posixClass() throws(PatternError) -> [ClosedRange<UInt32>]? {
        guard current == "[", position + 1 < scalars.count, scalars[position + 1] == ":" else { return nil }
        var name = String.UnicodeScalarView()
        var index = position + 2
        let isNegated = index < scalars.count && scalars[index] == "^"
        if isNegated { index += 1 }
        while index < scalars.count, (0x61...0x7A).contains(scalars[index].value) {
            name.append(scalars[index])
            index += 1
        }
        guard index + 1 < scalars.count, scalars[index] == ":", scalars[index + 1] == "]" else { return nil }
        guard let ranges = PatternClass.posix(String(name)) else {
            throw PatternError("`[:\(String(name)):]` is not a class in patterns")
        }
        position = index + 2
        return PatternClass(ranges: ranges, isNegated: isNegated).positiveRanges
    }
}
