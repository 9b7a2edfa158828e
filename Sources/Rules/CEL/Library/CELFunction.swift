/// The functions of the language, macros aside; the raw value is the name that expressions write.
///
/// Names and meanings: cel-spec, "List of Standard Definitions"; the extensions `strings`, `math`, `encoders`, `network` and
/// `optional` of cel-spec's conformance tests as cel-go defines them.
enum CELFunction: String, Sendable, CaseIterable {
    // Conversions
    case bool, bytes, double, duration, dyn, int, string, timestamp, type, uint
    // Texts and sizes
    case size, startsWith, endsWith, contains, matches
    // Parts of instants and spans
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear
    case getHours, getMinutes, getSeconds, getMilliseconds
    // Optionals
    case optionalOf = "optional.of"
    case optionalNone = "optional.none"
    case optionalOfNonZeroValue = "optional.ofNonZeroValue"
    case optionalUnwrap = "optional.unwrap"
    case hasValue, value, orValue, or, unwrapOpt, first, last
    // Texts
    case charAt, indexOf, lastIndexOf, join, split, replace, substring, trim, lowerAscii, upperAscii, reverse, format
    case quote = "strings.quote"
    // Numbers
    case greatest = "math.greatest"
    case least = "math.least"
    case ceil = "math.ceil"
    case floor = "math.floor"
    case round = "math.round"
    case trunc = "math.trunc"
    case abs = "math.abs"
    case sign = "math.sign"
    case isInf = "math.isInf"
    case isNaN = "math.isNaN"
    case isFinite = "math.isFinite"
    case bitAnd = "math.bitAnd"
    case bitOr = "math.bitOr"
    case bitXor = "math.bitXor"
    case bitNot = "math.bitNot"
    case bitShiftLeft = "math.bitShiftLeft"
    case bitShiftRight = "math.bitShiftRight"
    case sqrt = "math.sqrt"
    // Encodings
    case base64Decode = "base64.decode"
    case base64Encode = "base64.encode"
    // Network addresses
    case ip, cidr, isIP, isCIDR, family, isLoopback, isUnspecified, isGlobalUnicast, isLinkLocalMulticast, isLinkLocalUnicast
    case containsIP, containsCIDR, masked, prefixLength, isMask
    case isCanonical = "ip.isCanonical"

    /// What library a function belongs to.
    enum Library: Sendable {
        case conversion, text, time, optional, strings, math, encoding, network
    }

    var library: Library {
        switch self {
        case .bool, .bytes, .double, .duration, .dyn, .int, .string, .timestamp, .type, .uint: .conversion
        case .size, .startsWith, .endsWith, .contains, .matches: .text
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes, .getSeconds,
            .getMilliseconds:
            .time
        case .optionalOf, .optionalNone, .optionalOfNonZeroValue, .optionalUnwrap, .hasValue, .value, .orValue, .or, .unwrapOpt,
            .first, .last:
            .optional
        case .charAt, .indexOf, .lastIndexOf, .join, .split, .replace, .substring, .trim, .lowerAscii, .upperAscii, .reverse,
            .format, .quote:
            .strings
        case .greatest, .least, .ceil, .floor, .round, .trunc, .abs, .sign, .isInf, .isNaN, .isFinite, .bitAnd, .bitOr, .bitXor,
            .bitNot, .bitShiftLeft, .bitShiftRight, .sqrt:
            .math
        case .base64Decode, .base64Encode: .encoding
        case .ip, .cidr, .isIP, .isCIDR, .family, .isLoopback, .isUnspecified, .isGlobalUnicast, .isLinkLocalMulticast,
            .isLinkLocalUnicast, .containsIP, .containsCIDR, .masked, .prefixLength, .isMask, .isCanonical:
            .network
        }
    }

    /// Whether its argument is evaluated only when it is needed, like the right side of `||`.
    var isLazy: Bool { self == .orValue || self == .or }

    /// How many arguments it takes when called as `name(…)`; `nil` when it is not called so.
    var globalArity: ClosedRange<Int>? {
        switch self {
        case .bool, .bytes, .double, .duration, .dyn, .int, .string, .timestamp, .type, .uint, .size: 1...1
        case .matches: 2...2
        case .optionalOf, .optionalOfNonZeroValue, .optionalUnwrap: 1...1
        case .optionalNone: 0...0
        case .quote, .base64Decode, .base64Encode: 1...1
        case .greatest, .least: 1...CELExpression.maxNodes
        case .ceil, .floor, .round, .trunc, .abs, .sign, .isInf, .isNaN, .isFinite, .bitNot, .sqrt: 1...1
        case .bitAnd, .bitOr, .bitXor, .bitShiftLeft, .bitShiftRight: 2...2
        case .ip, .cidr, .isIP, .isCIDR, .isCanonical: 1...1
        default: nil
        }
    }

    /// How many arguments it takes when called as `x.name(…)`; `nil` when it is not called so.
    var memberArity: ClosedRange<Int>? {
        switch self {
        case .size, .hasValue, .value, .unwrapOpt, .first, .last: 0...0
        case .startsWith, .endsWith, .contains, .matches, .orValue, .or: 1...1
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear: 0...1
        case .getHours, .getMinutes, .getSeconds, .getMilliseconds: 0...1
        case .charAt, .format: 1...1
        case .indexOf, .lastIndexOf, .split, .substring: 1...2
        case .replace: 2...3
        case .join: 0...1
        case .trim, .lowerAscii, .upperAscii, .reverse: 0...0
        case .ip, .family, .isLoopback, .isUnspecified, .isGlobalUnicast, .isLinkLocalMulticast, .isLinkLocalUnicast: 0...0
        case .masked, .prefixLength, .isMask: 0...0
        case .containsIP, .containsCIDR: 1...1
        default: nil
        }
    }
}
