/// A value that rules compare with, as the index looks it up: values that CEL calls equal have one key.
enum IndexKey: Hashable, Sendable {
    case null
    case bool(Bool)
    /// Whole numbers of any type, at most 2^53 away from zero.
    case int(Int64)
    /// The bits of a number with a fraction.
    case double(UInt64)
    case text([UInt8])

    /// Beyond it, neighbouring integers share one double.
    private static let exactLimit: Int64 = 1 << 53

    /// `nil` for what the index does not look up: lists, dates, NaN, infinities, and numbers whose neighbours a double can not
    /// tell apart.
    init?(_ value: CELValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number):
            guard (-Self.exactLimit...Self.exactLimit).contains(number) else { return nil }
            self = .int(number)
        case .uint(let number):
            guard number <= UInt64(Self.exactLimit) else { return nil }
            self = .int(Int64(number))
        case .double(let number):
            guard number.magnitude <= Double(Self.exactLimit) else { return nil }
            if let whole = Int64(exactly: number) { self = .int(whole) } else { self = .double(number.bitPattern) }
        case .string(let text): self = .text(Array(text.utf8))
        default: return nil
        }
    }
}
