/// The values of a mapping that a ``RuleTable`` describes; every other key was reported.
struct RuleFields {
    let table: RuleTable
    let mapping: YAMLMapping
    let collector: DiagnosticCollector

    /// Takes a node as such a mapping; `owner` is how messages call it when that is not the table's own title.
    init?(_ node: YAMLNode, _ table: RuleTable, of owner: String? = nil, _ collector: DiagnosticCollector) {
        guard
            let mapping = YAMLMapping(
                node, keys: table.keyNames, of: owner ?? table.title, elsewhere: table.elsewhere, collector)
        else { return nil }
        self.table = table
        self.mapping = mapping
        self.collector = collector
    }

    var node: YAMLNode { mapping.node }
    var owner: String { mapping.owner }

    /// The value of a key, `nil` when the key is not there.
    subscript(name: String) -> YAMLNode? {
        collector.noteRead(table.name, name)
        return mapping[name]
    }

    /// The key itself, to point at.
    func key(_ name: String) -> YAMLNode? { mapping.key(name) }

    /// The key itself, or what the mapping begins with.
    func place(_ name: String) -> YAMLNode { mapping.key(name) ?? node }

    /// The value of a key that has no default; reports when it is not there.
    func required(_ name: String, hint: String? = nil) -> YAMLNode? {
        collector.noteRead(table.name, name)
        return mapping.required(name, hint: hint)
    }

    // MARK: - Values as the table describes them; what does not fit is reported and `nil`

    func bool(_ name: String) -> Bool? { self[name]?.bool("`\(name)`", collector) }

    func text(_ name: String) -> String? { self[name]?.string("`\(name)`", collector) }

    func int(_ name: String) -> Int? { self[name].flatMap { int(name, $0) } }

    func int(_ name: String, _ node: YAMLNode) -> Int? {
        guard case .int(let range)? = shape(name, where: { if case .int = $0 { true } else { false } }) else { return nil }
        return node.int("`\(name)`", in: range, collector)
    }

    func span(_ name: String) -> Duration? { self[name].flatMap { span(name, $0) } }

    func span(_ name: String, _ node: YAMLNode) -> Duration? {
        guard case .span(let range)? = shape(name, where: { if case .span = $0 { true } else { false } }),
            let span = node.duration("`\(name)`", collector)
        else { return nil }
        guard range.contains(span) else {
            let (least, most) = (YAMLDuration.text(range.lowerBound), YAMLDuration.text(range.upperBound))
            collector.report(node.diagnostic(.outOfRange, "`\(name)` has to be \(least) to \(most)"))
            return nil
        }
        return span
    }

    func choice(_ name: String) -> String? { self[name].flatMap { choice(name, $0) } }

    func choice(_ name: String, _ node: YAMLNode) -> String? {
        guard case .choice(let words)? = shape(name, where: { if case .choice = $0 { true } else { false } }) else { return nil }
        return node.choice("`\(name)`", among: words, collector)
    }

    /// The elements of a list, or the one value that stands for a list of one.
    func items(_ name: String, orOne: Bool = false) -> [YAMLNode]? {
        guard let node = self[name] else { return nil }
        if orOne, !node.isSequence { return [node] }
        guard case .list(_, let range)? = shape(name, where: { if case .list = $0 { true } else { false } }) else { return nil }
        return node.list("`\(name)`", max: range.upperBound, collector)
    }

    /// The form of a key that is of one kind.
    private func shape(_ name: String, where matches: (KeyShape) -> Bool) -> KeyShape? {
        guard let shape = table.key(name)?.shape else { return nil }
        if case .oneOf(let forms) = shape { return forms.first(where: matches) }
        return matches(shape) ? shape : nil
    }
}

extension YAMLNode {
    var isSequence: Bool {
        if case .sequence = content { true } else { false }
    }

    var isMapping: Bool {
        if case .mapping = content { true } else { false }
    }
}
