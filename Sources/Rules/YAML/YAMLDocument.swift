import Yams

/// Reads the text of a YAML file into nodes, within limits and without YAML's traps.
///
/// Refused: more than one document, duplicate keys, keys that are not texts, anchors, aliases, merge keys and tags.
package enum YAMLDocument {
    /// The largest file, in bytes.
    package static let maxBytes = 1_048_576
    /// How deep lists and mappings may be inside each other.
    package static let maxDepth = 32
    /// How many values a file may have.
    package static let maxNodes = 100_000

    /// Reads a file.
    ///
    /// - Returns: the root, `nil` when the file is empty or can not be read; and what is wrong with it. A root may come with
    ///   errors:
    ///   the parts that could be read are there, so that one pass finds as much as possible.
    package static func parse(text: String, file: String) -> (YAMLNode?, [Diagnostic]) {
        let text = text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? String(decoding: text.utf8.dropFirst(3), as: UTF8.self) : text
        let source = YAMLSource(file: file, text: text)
        let collector = DiagnosticCollector()
        if let refusal = refusalBeforeReading(text, source) {
            collector.report(refusal)
            return (nil, collector.diagnostics)
        }
        do {
            // The parser has to outlive the walk: Yams' nodes hold their anchors weakly.
            let parser = try Yams.Parser(yaml: text, resolver: .basic, encoding: .utf8)
            var root: YAMLNode?
            if let node = try parser.singleRoot() {
                var walk = YAMLWalk(source: source, collector: collector)
                root = walk.convert(node, depth: 0)
            }
            withExtendedLifetime(parser) {}
            return (root, collector.diagnostics)
        } catch let error as YamlError {
            collector.report(YAMLErrorText.diagnostic(for: error, source: source))
        } catch {
            collector.report(source.diagnostic(.yamlSyntax, line: 1, column: 1, "the file is not YAML"))
        }
        return (nil, collector.diagnostics)
    }

    /// What must not even reach the parser: too much, or aliases enough to explode while the parser compares keys.
    private static func refusalBeforeReading(_ text: String, _ source: YAMLSource) -> Diagnostic? {
        if text.utf8.count > maxBytes {
            return source.diagnostic(.yamlTooLarge, line: 1, column: 1, "the file is larger than \(maxBytes) bytes")
        }
        var names: Set<[UInt8]> = []
        var uses = 0
        for (number, line) in source.lines.enumerated() {
            let bytes = Array(line.utf8)
            for index in bytes.indices where bytes[index] == 0x26 || bytes[index] == 0x2A {
                // Within a word or after another mark it begins nothing: `R&D`, `a && b`.
                let previous = index == 0 ? 0x20 : bytes[index - 1]
                guard !CELLexer.isIdentifierStart(previous), !CELLexer.isDigit(previous), previous != 0x26, previous != 0x2A
                else {
                    continue
                }
                let name = Array(
                    bytes[(index + 1)...].prefix { CELLexer.isIdentifierStart($0) || CELLexer.isDigit($0) || $0 == 0x2D })
                if name.isEmpty { continue }
                if bytes[index] == 0x26 {
                    names.insert(name)
                } else if names.contains(name) {
                    uses += 1
                    if uses > 8 {
                        return source.diagnostic(
                            .yamlAnchor, line: number + 1, column: index + 1, "aliases are not supported",
                            hint: "write the value out")
                    }
                }
            }
        }
        return nil
    }
}

/// Turns the parser's nodes into ours and refuses what we do not read.
private struct YAMLWalk {
    let source: YAMLSource
    let collector: DiagnosticCollector
    private var count = 0

    init(source: YAMLSource, collector: DiagnosticCollector) {
        self.source = source
        self.collector = collector
    }

    /// The node as ours, `refused` in the place of what is not read.
    mutating func convert(_ node: Yams.Node, depth: Int) -> YAMLNode {
        accepted(node, depth: depth) ?? make(.refused, node)
    }

    private mutating func accepted(_ node: Yams.Node, depth: Int) -> YAMLNode? {
        count += 1
        if depth > YAMLDocument.maxDepth {
            report(node, .yamlTooLarge, "lists and mappings are more than \(YAMLDocument.maxDepth) deep inside each other")
            return nil
        }
        if count > YAMLDocument.maxNodes {
            if count == YAMLDocument.maxNodes + 1 {
                report(node, .yamlTooLarge, "the file has more than \(YAMLDocument.maxNodes) values")
            }
            return nil
        }
        // An aliased node is the anchored node itself, anchor included: never walked twice, so that no bomb can explode.
        guard node.anchor == nil else {
            report(node, .yamlAnchor, "anchors and aliases are not supported", "write the value out")
            return nil
        }
        switch node {
        case .scalar(let scalar): return convert(scalar, node)
        case .sequence(let sequence):
            guard accept(tag: sequence.tag, of: node, isPlainScalar: false) else { return nil }
            return make(.sequence(sequence.map { convert($0, depth: depth + 1) }), node)
        case .mapping(let mapping):
            guard accept(tag: mapping.tag, of: node, isPlainScalar: false) else { return nil }
            return make(.mapping(mapping.compactMap { entry($0.key, $0.value, depth: depth + 1) }), node)
        case .alias:
            report(node, .yamlAnchor, "aliases are not supported", "write the value out")
            return nil
        }
    }

    private mutating func entry(_ key: Yams.Node, _ value: Yams.Node, depth: Int) -> YAMLEntry? {
        guard case .scalar(let scalar) = key else {
            report(key, .wrongKind, "a key has to be a text", "quote a value that begins with `{` or `[`")
            return nil
        }
        guard key.anchor == nil else {
            report(key, .yamlAnchor, "anchors and aliases are not supported", "write the value out")
            return nil
        }
        if scalar.style == .plain, scalar.string == "<<" {
            report(key, .yamlAnchor, "merge keys are not supported", "write the keys out")
            return nil
        }
        let keyNode = make(.scalar(YAMLScalar(text: scalar.string, style: style(scalar.style))), key)
        return YAMLEntry(name: scalar.string, key: keyNode, value: convert(value, depth: depth))
    }

    private mutating func convert(_ scalar: Yams.Node.Scalar, _ node: Yams.Node) -> YAMLNode? {
        guard accept(tag: scalar.tag, of: node, isPlainScalar: scalar.style == .plain) else { return nil }
        return make(.scalar(YAMLScalar(text: scalar.string, style: style(scalar.style))), node)
    }

    /// Whether a node has no tag of its own; a quoted scalar carries the text tag without having been given one.
    private func accept(tag: Yams.Tag, of node: Yams.Node, isPlainScalar: Bool) -> Bool {
        let isText = tag.rawValue == Yams.Tag.Name.str.rawValue && !isPlainScalar
        if tag.rawValue.utf8.isEmpty || isText { return true }
        report(
            node, .yamlTag, "YAML tags are not supported",
            "a value that begins with `!` needs quotes: '!…'")
        return false
    }

    private func make(_ content: YAMLNode.Content, _ node: Yams.Node) -> YAMLNode {
        YAMLNode(content: content, source: source, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private func style(_ style: Yams.Node.Scalar.Style) -> YAMLScalar.Style {
        switch style {
        case .any, .plain: .plain
        case .singleQuoted: .singleQuoted
        case .doubleQuoted: .doubleQuoted
        case .literal, .folded: .block
        }
    }

    private func report(_ node: Yams.Node, _ code: DiagnosticCode, _ message: String, _ hint: String? = nil) {
        collector.report(
            source.diagnostic(code, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, message, hint: hint))
    }
}
