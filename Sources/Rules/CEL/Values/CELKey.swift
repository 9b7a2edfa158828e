/// A map's key: equal when CEL calls them equal, so that `1`, `1u` and `1.0` are one key and strings differ by their bytes.
enum CELKey: Sendable, Hashable {
    case bool(Bool)
    /// Every integer that fits `Int64`, of whatever number type it was.
    case int(Int64)
    /// Only above `Int64.max`.
    case uint(UInt64)
    case text([UInt8])

    /// `nil` for a value that is no key: a fraction, NaN, or a type that CEL does not allow.
    init?(_ value: CELValue) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .uint(let number): self = number <= UInt64(Int64.max) ? .int(Int64(number)) : .uint(number)
        case .double(let number):
            if let exact = Int64(exactly: number) {
                self = .int(exact)
            } else if let exact = UInt64(exactly: number) {
                self = .uint(exact)
            } else {
                return nil
            }
        case .string(let text): self = .text(Array(text.utf8))
        default: return nil
        }
    }
}
