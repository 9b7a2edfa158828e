/// Values to be written as YAML that reads back as the same values.
indirect enum YAMLText {
    /// A number, `true`, `false` or `null`, as it stands.
    case plain(String)
    case text(String)
    case list([YAMLText])
    case mapping([(key: String, value: YAMLText)])

    /// A span of time as files have it.
    static func span(_ span: Duration) -> YAMLText { .plain(YAMLDuration.text(span)) }

    static func int(_ number: Int) -> YAMLText { .plain(String(number)) }

    static func bool(_ flag: Bool) -> YAMLText { .plain(flag ? "true" : "false") }

    static func texts(_ texts: [String]) -> YAMLText { .list(texts.map { .text($0) }) }

    /// The lines of the value in block style; `indent` is the column at which its keys and dashes stand.
    func lines(indent: Int = 0) -> [String] {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .plain, .text: return [margin + inline]
        case .list(let items):
            if items.isEmpty { return [margin + "[]"] }
            return items.flatMap { item -> [String] in
                var lines = item.lines(indent: indent + 2)
                let first = lines.removeFirst()
                return [margin + "- " + String(first.dropFirst(indent + 2))] + lines
            }
        case .mapping(let entries):
            if entries.isEmpty { return [margin + "{}"] }
            return entries.flatMap { key, value -> [String] in
                let name = margin + Self.quoted(key) + ":"
                if value.isInline { return [name + " " + value.inline] }
                return [name] + value.lines(indent: indent + 2)
            }
        }
    }

    /// Whether it stands on the line of its key: scalars, empty collections, and lists of a few scalars.
    private var isInline: Bool {
        switch self {
        case .plain, .text: true
        case .list(let items): items.allSatisfy { if case .plain = $0 { true } else { false } }
        case .mapping(let entries): entries.isEmpty
        }
    }

    private var inline: String {
        switch self {
        case .plain(let word): word
        case .text(let text): Self.quoted(text)
        case .list(let items): "[" + items.map(\.inline).joined(separator: ", ") + "]"
        case .mapping: "{}"
        }
    }

    /// A word as it is, everything else in quotes: what YAML might take for anything but this text is never left plain.
    static func quoted(_ text: String) -> String {
        if isWord(text) { return text }
        if text.unicodeScalars.allSatisfy({ isPrintable($0) }) {
            return "'" + String(decoding: text.utf8.flatMap { $0 == 0x27 ? [0x27, 0x27] : [$0] }, as: UTF8.self) + "'"
        }
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case _ where isPrintable(scalar): escaped.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\U" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
            }
        }
        return escaped + "\""
    }

    private static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, CELLexer.isIdentifierStart(first) || CELLexer.isDigit(first), text.utf8.count <= 64,
            text.utf8.allSatisfy({
                CELLexer.isIdentifierStart($0) || CELLexer.isDigit($0) || $0 == 0x2E || $0 == 0x2D
            }),
            YAMLScalar.yaml11Bool(text) == nil, case .string = YAMLScalar.resolve(text)
        else { return false }
        return true
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: true
        case 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: false
        default: scalar.value >= 0xA0
        }
    }
}
