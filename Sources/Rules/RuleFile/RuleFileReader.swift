import Model

/// Reads one rule file: its version, its `vars` and its rules.
struct RuleFileReader {
    let sources: Set<String>?
    let kinds: [String: SourceKindName]
    let floor: Limits
    let zones: TimeZoneCatalog
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
        guard let top = YAMLMapping(root, keys: ["version", "vars", "rules"], of: "the rule file", collector) else { return [] }
        if let version = top.required("version", hint: "write `version: 1`") {
            _ = version.int("`version`", in: 1...1, collector)
        }
        let vars = top["vars"].map { read(vars: $0) } ?? .map(CELMap(texts: []))
        guard let items = top.required("rules")?.list("`rules`", max: 10_000, collector) else { return [] }
        var rules: [Rule] = []
        for item in items {
            var reader = RuleReader(sources: sources, kinds: kinds, floor: floor, zones: zones, vars: vars, collector: collector)
            if let rule = reader.read(item, &names) { rules.append(rule) }
        }
        return rules
    }

    /// Plain values under names: nothing in them is evaluated.
    private func read(vars node: YAMLNode) -> CELValue {
        guard case .mapping(let entries) = node.content else {
            if node.isRefused { return .map(CELMap(texts: [])) }
            collector.report(node.diagnostic(.wrongKind, "`vars` is a mapping, not \(node.kindTitle)"))
            return .map(CELMap(texts: []))
        }
        var values: [(String, CELValue)] = []
        for entry in entries {
            guard RuleNames.isIdentifier(entry.name) else {
                collector.report(
                    entry.key.diagnostic(
                        .badName, "`\(entry.name)` can not be a name in `vars`", hint: "letters, digits and `_`, a letter first"))
                continue
            }
            if let value = value(of: entry.value) { values.append((entry.name, value)) }
        }
        return .map(CELMap(texts: values))
    }

    private func value(of node: YAMLNode) -> CELValue? {
        switch node.content {
        case .refused: return nil
        case .sequence(let items): return .list(items.compactMap { value(of: $0) })
        case .mapping(let entries):
            return .map(CELMap(texts: entries.compactMap { entry in value(of: entry.value).map { (entry.name, $0) } }))
        case .scalar(let scalar):
            switch scalar.value {
            case .null: return .null
            case .bool(let flag): return .bool(flag)
            case .int(let number): return .int(number)
            case .double(let number): return .double(number)
            case .string:
                if Array(scalar.text.utf8).windowsContain("${{") {
                    collector.report(
                        node.diagnostic(.badTemplate, "`vars` holds plain values; `${{ }}` is not evaluated in it"))
                    return nil
                }
                return .string(scalar.text)
            }
        }
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
