extension String {
    /// The text with everything replaced that could move a terminal's cursor, hide text or reorder it: control characters, line and
    /// paragraph separators, and the controls of writing direction.
    package var printable: String {
        var scalars = UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: scalars.append("\u{FFFD}")
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
