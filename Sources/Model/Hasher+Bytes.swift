extension Hasher {
    /// Feeds a text's UTF-8 bytes and their count: unequal bytes are unequal texts, whatever Unicode says of them.
    mutating func combine(bytesOf text: String) {
        var text = text
        text.withUTF8 { buffer in
            combine(bytes: UnsafeRawBufferPointer(buffer))
            combine(buffer.count)
        }
    }
}
