import Model
import Rules

/// Reads what a person stops and lets go on in a step, in the words of the command line: `pause`, `resume`, `hold` and `release`.
struct RuleTestPauseReader {
    let ruleSet: RuleSet
    let settings: RuleTestSettings
    let servers: [Server]
    let collector: DiagnosticCollector

    static let keys = ["pause", "resume", "hold", "release"]
    private static let scopes = ["rule", "server", "source", "action"]
    /// What is said of a pause whose reason the test leaves open.
    private static let reason = "the test says so"

    /// What the step's keys stop and let go on, in the order of `resume`, `release`, `pause` and `hold`.
    func read(_ fields: YAMLMapping) -> [WorldChange] {
        var changes: [WorldChange] = []
        for node in fields["resume"]?.oneOrMany ?? [] { changes += readResume(node) }
        for node in fields["release"]?.oneOrMany ?? [] {
            if let scope = readServer(node) { changes.append(.resume(scope)) }
        }
        for node in fields["pause"]?.oneOrMany ?? [] { changes += readPause(node) }
        for node in fields["hold"]?.oneOrMany ?? [] { changes += readHold(node) }
        return changes
    }

    /// `pause: all`, or `pause: {rule: host-down, for: 2h, reason: …}`.
    private func readPause(_ node: YAMLNode) -> [WorldChange] {
        if isAll(node) { return [.pause(.all, reason: Self.reason, span: nil)] }
        let keys = Self.scopes + ["for", "reason"]
        guard let fields = YAMLMapping(node, keys: keys, of: "`pause`", collector), let scope = readScope(fields) else {
            return []
        }
        return pause(scope, fields)
    }

    /// `resume: all`, or `resume: {rule: host-down}`.
    private func readResume(_ node: YAMLNode) -> [WorldChange] {
        if isAll(node) { return [.resume(.all)] }
        guard let fields = YAMLMapping(node, keys: Self.scopes, of: "`resume`", collector), let scope = readScope(fields) else {
            return []
        }
        return [.resume(scope)]
    }

    /// `hold: web-03`, or `hold: {server: web-03, for: 2h, reason: …}`.
    private func readHold(_ node: YAMLNode) -> [WorldChange] {
        if node.scalar != nil {
            return readServer(node).map { [.pause($0, reason: Self.reason, span: nil)] } ?? []
        }
        guard let fields = YAMLMapping(node, keys: ["server", "for", "reason"], of: "`hold`", collector),
            let scope = fields.required("server").flatMap({ readServer($0) })
        else { return [] }
        return pause(scope, fields)
    }

    private func pause(_ scope: PauseScope, _ fields: YAMLMapping) -> [WorldChange] {
        var span: Duration?
        if let node = fields["for"] {
            guard let given = node.duration("`for`", collector) else { return [] }
            guard given > .zero else {
                collector.report(node.diagnostic(.outOfRange, "`for` is a span above zero"))
                return []
            }
            span = given
        }
        let reason = fields["reason"].map { $0.string("`reason`", collector) } ?? Self.reason
        return reason.map { [.pause(scope, reason: $0, span: span)] } ?? []
    }

    // MARK: Scopes

    private func isAll(_ node: YAMLNode) -> Bool { node.scalar?.text.utf8.elementsEqual("all".utf8) ?? false }

    /// The one thing that is named; everything when none is.
    private func readScope(_ fields: YAMLMapping) -> PauseScope? {
        let given = Self.scopes.filter { fields[$0] != nil }
        guard given.count <= 1 else {
            collector.report(
                fields.node.diagnosticAtStart(
                    .unknownKey, "\(fields.owner) names one of `rule`, `server`, `source` and `action`",
                    hint: "give a list for several"))
            return nil
        }
        guard let key = given.first, let node = fields[key] else { return .all }
        switch key {
        case "server": return readServer(node)
        case "rule":
            guard let name = node.string("`rule`", collector),
                ExpectationReader(ruleSet: ruleSet, collector: collector).isRule(name, node)
            else { return nil }
            return .rule(name)
        case "source": return node.choice("`source`", among: settings.sources.keys.sorted(), collector).map { .source($0) }
        default: return node.choice("`action`", among: PauseScope.actions, collector).map { .action($0) }
        }
    }

    private func readServer(_ node: YAMLNode) -> PauseScope? {
        RuleTestWorldReader(collector: collector).reference(node, among: servers).map { .server($0) }
    }
}
