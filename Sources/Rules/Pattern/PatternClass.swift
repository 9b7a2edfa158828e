/// A set of Unicode scalars.
struct PatternClass: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false
    /// Letter case does not matter.
    var foldsCase = false

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var isMember = holds(scalar.value)
        if !isMember, foldsCase {
            isMember = Self.cases(of: scalar).contains { holds($0) }
        }
        return isMember != isNegated
    }

    private func holds(_ value: UInt32) -> Bool {
        ranges.contains { $0.contains(value) }
    }

    /// The scalar in the other letter case, where that is one scalar.
    private static func cases(of scalar: Unicode.Scalar) -> [UInt32] {
        if scalar.isASCII {
            switch scalar.value {
            case 0x41...0x5A: return [scalar.value + 0x20]
            case 0x61...0x7A: return [scalar.value - 0x20]
            default: return []
            }
        }
        let mappings = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
        return mappings.compactMap { mapping in
            let scalars = mapping.unicodeScalars
            guard scalars.count == 1, let only = scalars.first, only != scalar else { return nil }
            return only.value
        }
    }

    static func one(_ scalar: Unicode.Scalar) -> PatternClass {
        PatternClass(ranges: [scalar.value...scalar.value])
    }

    static let digit = PatternClass(ranges: [0x30...0x39])
    static let space = PatternClass(ranges: [0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let word = PatternClass(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let anything = PatternClass(ranges: [0...0x10FFFF])
    static let anythingOnLine = PatternClass(ranges: [0x0A...0x0A], isNegated: true)

    /// `[:name:]` within a class, ASCII only.
    static func posix(_ name: String) -> [ClosedRange<UInt32>]? {
        switch name {
        case "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
        case "alpha": [0x41...0x5A, 0x61...0x7A]
        case "ascii": [0...0x7F]
        case "blank": [0x09...0x09, 0x20...0x20]
        case "cntrl": [0...0x1F, 0x7F...0x7F]
        case "digit": [0x30...0x39]
        case "graph": [0x21...0x7E]
        case "lower": [0x61...0x7A]
        case "print": [0x20...0x7E]
        case "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]
        case "space": [0x09...0x0D, 0x20...0x20]
        case "upper": [0x41...0x5A]
        case "word": word.ranges
        case "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66]
        default: nil
        }
    }

    /// The ranges of this set with the negation worked in, so that it can become a part of another set.
    var positiveRanges: [ClosedRange<UInt32>] {
        guard isNegated else { return ranges }
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return gaps
    }
}
