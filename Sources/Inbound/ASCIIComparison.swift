extension String {
    /// Whether the bytes are those of `lowercase` but for the case of ASCII letters.
    ///
    /// `String.lowercased()` would also fold letters beyond ASCII, and `==` compares graphemes.
    func equalsIgnoringASCIICase(_ lowercase: StaticString) -> Bool {
        guard utf8.count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { expected in
            utf8.elementsEqual(expected) { byte, wanted in
                (0x41...0x5A ~= byte ? byte | 0x20 : byte) == wanted
            }
        }
    }
}
