/// What stands at one place of a document that was read without building a tree: a scalar, or where a container begins.
///
/// Plain bits, so that a table of them is filled and read without counting references. Text points into memory of the reader that
/// filled the slot and is valid until that reader reads again.
package struct JSONSlot: BitwiseCopyable {
    /// What kind of value stands there.
    package enum Kind: UInt8, BitwiseCopyable {
        case null, bool, int, double, text, array, object
        /// A value that JSON has no form for; ``JSONSlot/bits`` says which of the values that the filler keeps.
        case kept
    }

    /// A truth value (0 or 1), an integer, the bits of a double, the address of a text, or the number under which the reader
    /// knows a container.
    package var bits: UInt64
    /// The length of a text in bytes.
    package var count: UInt32
    /// The reading in which the slot was filled; the slot holds nothing in any other.
    package var reading: UInt32
    package var kind: Kind

    package init(kind: Kind, bits: UInt64, count: UInt32 = 0, reading: UInt32) {
        self.bits = bits
        self.count = count
        self.reading = reading
        self.kind = kind
    }
}
