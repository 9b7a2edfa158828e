import Yams

/// The parser's errors in our words, with the fix for the traps that expressions meet in YAML.
enum YAMLErrorText {
    static func diagnostic(for error: YamlError, source: YAMLSource) -> Diagnostic {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = context.map { "\($0.text), \(problem)" } ?? problem
            if text.utf8.starts(with: "while scanning a tag".utf8) {
                return source.diagnostic(
                    .yamlTag, line: mark.line, column: mark.column, oneLine(text),
                    hint: "a value that begins with `!` needs quotes: '!…'")
            }
            return source.diagnostic(
                code(problem), line: mark.line, column: mark.column, oneLine(text), hint: hint(problem, mark.line, source))
        case .duplicatedKeysInMapping(let duplicates, let context):
            let name = duplicates.min() ?? ""
            return source.diagnostic(
                .yamlDuplicateKey, line: context.mark.line, column: context.mark.column, length: name.unicodeScalars.count,
                "key `\(name)` is given twice in one mapping", hint: "remove or rename one of the two")
        case .reader(let problem, _, _, _):
            let (line, column) = firstControl(source)
            return source.diagnostic(.yamlSyntax, line: line, column: column, oneLine(problem))
        default:
            return source.diagnostic(.yamlSyntax, line: 1, column: 1, "the file is not YAML")
        }
    }

    private static func code(_ problem: String) -> DiagnosticCode {
        problem.utf8.starts(with: "found undefined alias".utf8) ? .yamlAnchor : .yamlSyntax
    }

    private static func oneLine(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self)
    }

    /// What to do, guessed from the parser's words and from how the line begins.
    private static func hint(_ problem: String, _ line: Int, _ source: YAMLSource) -> String? {
        let quote = "an expression with `: `, or one that begins with a quote, needs quotes around all of it: '…', or a `|` block"
        switch problem {
        case "mapping values are not allowed in this context": return quote
        case "found character that cannot start any token":
            return source.line(line).utf8.contains(0x09) ? "indent with spaces, not tabs" : "quote the value: '…'"
        case "found undefined alias": return "a value that begins with `*` needs quotes: '…'"
        case "but found another document": return "put each document into a file of its own"
        default:
            let near = [source.line(line), source.line(line - 1)]
            let isInFlow = problem.utf8.starts(with: "did not find expected ','".utf8)
            if isInFlow, near.contains(where: { Array($0.utf8).windowsContain("${{") }) {
                return "within `[…]` and `{…}`, a value with `${{ }}` needs quotes: \"${{ … }}\""
            }
            if near.contains(where: { valueBeginsWithQuote($0) }) { return quote }
            return near.contains { valueBeginsWithBracket($0) }
                ? "an expression that begins with `{` or `[` needs quotes: '…'" : nil
        }
    }

    /// Whether a line's value begins with a quote and goes on after it, such as `when: "a" == b`.
    private static func valueBeginsWithQuote(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        guard let quote = bytes.firstIndex(where: { $0 == 0x22 || $0 == 0x27 }), quote >= 2, bytes[quote - 1] == 0x20,
            bytes[quote - 2] == 0x3A || bytes[quote - 2] == 0x2D,
            let closing = bytes[(quote + 1)...].firstIndex(of: bytes[quote])
        else { return false }
        return bytes[(closing + 1)...].contains { $0 != 0x20 }
    }

    /// Whether a line's value begins with a bracket that closes before the line ends, such as `when: [1, 2][0] == 1`.
    private static func valueBeginsWithBracket(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        guard
            let colon = bytes.indices.first(where: {
                bytes[$0...].starts(with: ": ".utf8) || bytes[$0...].starts(with: "- ".utf8)
            }),
            let first = bytes[(colon + 1)...].first(where: { $0 != 0x20 }), first == 0x7B || first == 0x5B,
            let closing = bytes.lastIndex(of: first + 2)
        else { return false }
        return bytes[(closing + 1)...].contains { $0 != 0x20 }
    }

    /// The first control character that YAML does not allow.
    private static func firstControl(_ source: YAMLSource) -> (line: Int, column: Int) {
        for (number, line) in source.lines.enumerated() {
            for (index, scalar) in line.unicodeScalars.enumerated() {
                let isAllowed =
                    scalar == "\t" || scalar == "\u{85}" || (0x20...0x7E).contains(scalar.value) || scalar.value >= 0xA0
                if !isAllowed || (0xFFFE...0xFFFF).contains(scalar.value) { return (number + 1, index + 1) }
            }
        }
        return (1, 1)
    }
}
