import Model

/// Reads one rule file: its version, its `vars` and its rules.
struct RuleFileReader {
    let surroundings: RuleSurroundings
    let collector: DiagnosticCollector

    /// The rules that have no errors; `names` holds the rules of all files read so far.
    func read(_ file: RuleSource, _ names: inout [String: YAMLNode]) -> [Rule] {
        let (root, problems) = YAMLDocument.parse(text: file.text, file: file.name)
        problems.forEach(collector.report)
        guard let root else {
            if problems.isEmpty {
                let source = YAMLSource(file: file.name, text: file.text)
                collector.report(
                    source.diagnostic(.missingKey, line: 1, column: 1, "the file is empty", hint: "it begins with `version: 1`"))
            }
            return []
        }
        guard let top = RuleFields(root, RuleTables.file, collector) else { return [] }
        if let version = top.required("version", hint: "write `version: 1`") { _ = top.int("version", version) }
        let vars = top["vars"].map { VarsReader(collector: collector).read($0) } ?? .map(CELMap(texts: []))
        guard top.required("rules") != nil, let items = top.items("rules") else { return [] }
        var rules: [Rule] = []
        for item in items {
            var reader = RuleReader(surroundings: surroundings, vars: vars, collector: collector)
            if let rule = reader.read(item, &names) { rules.append(rule) }
        }
        return rules
    }
}

extension [UInt8] {
    /// Whether the bytes of a text stand anywhere in these.
    func windowsContain(_ part: String) -> Bool {
        let wanted = Array(part.utf8)
        guard count >= wanted.count else { return false }
        return (0...(count - wanted.count)).contains { self[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}

/// What names may look like; they become metric labels and parts of expressions.
enum RuleNames {
    /// Lower-case letters, digits, `-`, `_` and `.`, at most 64, a letter or digit first.
    static func isRuleName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), let first = bytes.first, isLower(first) || CELLexer.isDigit(first) else {
            return false
        }
        return bytes.allSatisfy { isLower($0) || CELLexer.isDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    /// A name that an expression can use after a dot, and that is no reserved word.
    static func isIdentifier(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), let first = bytes.first, CELLexer.isIdentifierStart(first) else { return false }
        let words: Set<String> = ["true", "false", "null", "in"]
        return bytes.allSatisfy { CELLexer.isIdentifierStart($0) || CELLexer.isDigit($0) } && !words.contains(text)
    }

    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
