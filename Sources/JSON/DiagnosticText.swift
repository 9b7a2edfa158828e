/// Writes bytes of a document for a message: safe for a terminal and a log line whatever they are.
enum DiagnosticText {
    /// How many bytes of the document a message shows.
    private static let shown = 64

    /// The bytes in quotes as printable ASCII, everything else escaped, cut after 64 of them.
    static func quoted(_ bytes: [UInt8]) -> String {
        var text = "\""
        for scalar in String(decoding: bytes.prefix(shown), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case " "..."~": text.unicodeScalars.append(scalar)
            default: text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            }
        }
        return text + (bytes.count > shown ? "...\"" : "\"")
    }
}
