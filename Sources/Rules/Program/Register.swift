/// A value while a program runs: plain bits, no heap, no counted reference.
///
/// Text is a slice of the event's or the constants' memory, which outlive the run; containers of the event stay where they are.
/// Everything else lies in the box beside the register.
struct Register: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        case null, bool, int, uint, double
        /// `bits` is the address, `count` the length in bytes.
        case text
        /// A list or map of the event; `bits` is the number under which its reader knows it.
        case array, object
        /// In the register's box, or, for a constant, in the constants' box that `bits` names.
        case boxed
        /// An optional without a value.
        case nothing
        /// An element or entry that a literal leaves out.
        case omitted
        /// What a chain of `&&` or `||` remembers: `count` is its rank, `bits` where it is kept.
        case failure
    }

    var bits: UInt64
    var count: UInt32
    var kind: Kind
    /// Whether the value is that of an optional.
    var isOptional = false

    init(_ kind: Kind, bits: UInt64 = 0, count: UInt32 = 0) {
        self.kind = kind
        self.bits = bits
        self.count = count
    }

    static func bool(_ flag: Bool) -> Register { Register(.bool, bits: flag ? 1 : 0) }

    /// Whether the register needs neither its box nor its optional mark to be understood.
    var isPlain: Bool { !isOptional && kind.rawValue <= Kind.text.rawValue }

    var int: Int64 { Int64(bitPattern: bits) }
    var double: Double { Double(bitPattern: bits) }

    /// The bytes of a text; empty for anything else.
    var text: UnsafeBufferPointer<UInt8> {
        guard kind == .text else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: UnsafePointer(bitPattern: UInt(bits)), count: Int(count))
    }
}
