import JSON
import Model
import Rules

/// Reads `expect` of a step.
struct ExpectationReader {
    let ruleSet: RuleSet
    let collector: DiagnosticCollector

    static let keys = [
        "matched", "no_match", "missing", "error", "actions", "held", "skipped", "run", "requests", "messages", "reply",
    ]

    func read(_ node: YAMLNode) -> [Expectation] {
        guard let fields = YAMLMapping(node, keys: Self.keys, of: "`expect`", collector) else { return [] }
        var found: [Expectation] = []
        func add(_ kind: Expectation.Kind?, _ node: YAMLNode) {
            if let kind { found.append(Expectation(kind: kind, place: RuleTestPlace(node))) }
        }
        if let node = fields["matched"] { add(readNames(node, "`matched`").map { .matched($0) }, node) }
        for item in fields["no_match"]?.oneOrMany ?? [] { add(readName(item).map { .noMatch($0) }, item) }
        if let node = fields["missing"] {
            let entries = node.entries("`missing`", collector)
            if entries.isEmpty { add(.nothingMissing, node) }
            for entry in entries { add(readMissing(entry), entry.value) }
        }
        for entry in fields["error"]?.entries("`error`", collector) ?? [] {
            let text = entry.value.string("the error of rule `\(entry.name)`", collector)
            if let text, isRule(entry.name, entry.key) { add(.error(rule: entry.name, text: text), entry.value) }
        }
        for entry in fields["held"]?.entries("`held`", collector) ?? [] {
            add(readReason(entry).map { .held(rule: entry.name, reason: $0) }, entry.value)
        }
        for entry in fields["skipped"]?.entries("`skipped`", collector) ?? [] {
            add(readReason(entry).map { .skipped(rule: entry.name, reason: $0) }, entry.value)
        }
        for entry in fields["run"]?.entries("`run`", collector) ?? [] { add(readState(entry), entry.value) }
        if let node = fields["actions"] { add(readList(node, "`actions`", readAction).map { .actions($0) }, node) }
        if let node = fields["requests"] { add(readList(node, "`requests`", readRequest).map { .requests($0) }, node) }
        if let node = fields["messages"] { add(readList(node, "`messages`", readMessage).map { .messages($0) }, node) }
        if let node = fields["reply"] {
            let texts = node.oneOrMany.map { $0.string("`reply`", collector) }
            if !texts.contains(nil) { add(.replies(texts.compactMap(\.self)), node) }
        }
        return found
    }

    // MARK: Rules

    private func readNames(_ node: YAMLNode, _ title: String) -> [String]? {
        guard let items = node.list(title, collector) else { return nil }
        let names = items.map { readName($0) }
        return names.contains(nil) ? nil : names.compactMap(\.self)
    }

    private func readName(_ node: YAMLNode) -> String? {
        guard let name = node.string("a rule's name", collector), isRule(name, node) else { return nil }
        return name
    }

    /// Whether the test has that rule; reports when it has not.
    func isRule(_ name: String, _ node: YAMLNode) -> Bool {
        if ruleSet.rule(named: name) != nil { return true }
        let names = ruleSet.rules.map(\.name)
        let known = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
        collector.report(
            node.diagnostic(
                .unknownValue, "the test has no rule `\(name)`",
                hint: Suggestion.hint(for: name, among: names) ?? "its rules: \(known)"))
        return false
    }

    private func readMissing(_ entry: YAMLEntry) -> Expectation.Kind? {
        guard isRule(entry.name, entry.key), let path = entry.value.string("the path that `\(entry.name)` misses", collector)
        else {
            return nil
        }
        return .missing(rule: entry.name, path: path)
    }

    private func readReason(_ entry: YAMLEntry) -> Reason? {
        guard isRule(entry.name, entry.key) else { return nil }
        let words = Reason.allCases.map(\.rawValue)
        guard let text = entry.value.string("the reason of rule `\(entry.name)`", collector) else { return nil }
        if let reason = Reason(rawValue: text) { return reason }
        let hint = Suggestion.hint(for: text, among: words) ?? "such as `cooldown`, `budget_spent`, `server_condition_false`"
        collector.report(entry.value.diagnostic(.unknownValue, "there is no reason `\(text)`", hint: hint))
        return nil
    }

    private func readState(_ entry: YAMLEntry) -> Expectation.Kind? {
        guard isRule(entry.name, entry.key) else { return nil }
        let words = RunState.allCases.map(\.rawValue) + ["none"]
        guard let word = entry.value.choice("the state of rule `\(entry.name)`", among: words, collector) else { return nil }
        return .run(rule: entry.name, state: RunState(rawValue: word))
    }

    // MARK: What went out

    private func readList<Item>(_ node: YAMLNode, _ title: String, _ read: (YAMLNode) -> Item?) -> [Item]? {
        guard let items = node.list(title, collector) else { return nil }
        let values = items.map(read)
        return values.contains { $0 == nil } ? nil : values.compactMap(\.self)
    }

    private static let actions: [String] = {
        Operation.allCases.filter(\.isChanging).map { "server.\($0.rawValue)" }
    }()

    private func readAction(_ node: YAMLNode) -> ExpectedAction? {
        guard let fields = YAMLMapping(node, keys: ["action", "server", "with"], of: "an action", collector),
            let action = fields.required("action").flatMap({ readActionName($0) })
        else { return nil }
        var expected = ExpectedAction(action: action, server: nil, body: nil)
        if let server = fields["server"] {
            guard let text = server.identifier("`server`", collector) else { return nil }
            expected.server = text
        }
        if let body = fields["with"] {
            guard case .mapping = body.content else {
                collector.report(body.diagnosticAtStart(.wrongKind, "`with` is a mapping, not \(body.kindTitle)"))
                return nil
            }
            expected.body = body.json
        }
        return expected
    }

    private func readActionName(_ node: YAMLNode) -> String? {
        if node.scalar?.text == "server.power_cycle" {
            collector.report(
                node.diagnostic(
                    .unknownValue, "a test sees the requests of a power cycle, not its name",
                    hint: "expect `server.stop`, and in a later step `server.start`"))
            return nil
        }
        return node.choice("`action`", among: Self.actions, collector)
    }

    private func readRequest(_ node: YAMLNode) -> ExpectedRequest? {
        guard let fields = YAMLMapping(node, keys: ["method", "url", "json", "body"], of: "a request", collector),
            let url = fields.required("url")?.string("`url`", collector)
        else { return nil }
        var expected = ExpectedRequest(method: nil, url: url, json: fields["json"]?.json, body: nil)
        if let method = fields["method"] {
            guard let word = method.choice("`method`", among: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"], collector) else {
                return nil
            }
            expected.method = word
        }
        if let body = fields["body"] {
            guard let text = body.string("`body`", collector) else { return nil }
            expected.body = text
        }
        return expected
    }

    private func readMessage(_ node: YAMLNode) -> ExpectedMessage? {
        if case .scalar = node.content {
            return node.string("a message", collector).map { ExpectedMessage(channel: nil, text: $0) }
        }
        guard let fields = YAMLMapping(node, keys: ["channel", "text"], of: "a message", collector),
            let text = fields.required("text")?.string("`text`", collector)
        else { return nil }
        return ExpectedMessage(channel: fields["channel"].flatMap { $0.string("`channel`", collector) }, text: text)
    }
}
