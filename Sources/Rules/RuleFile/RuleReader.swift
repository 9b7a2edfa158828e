import Model

/// Reads one rule. Whatever is wrong is reported; reading goes on, so that one pass finds everything.
struct RuleReader {
    let sources: Set<String>?
    let kinds: [String: SourceKindName]
    let floor: Limits
    let zones: TimeZoneCatalog
    let vars: CELValue
    let collector: DiagnosticCollector
    /// ``rule `host-down` ``, for messages.
    var owner = "the rule"

    static let keys = [
        "name", "description", "enabled", "trigger", "when", "when_server", "for", "target", "probe", "healthy_delay", "limits",
        "autonomy", "escalation", "actions", "permissions", "reply",
    ]

    /// Keys that people look for in a rule itself.
    static let elsewhere: [String: String] = {
        var hints: [String: String] = [:]
        for key in ["cooldown", "budgets", "max_event_age", "settle"] {
            hints[key] = "it belongs in `limits`: `limits: {\(key): …}`"
        }
        for key in ["users", "channels"] { hints[key] = "it belongs in `permissions`: `permissions: {\(key): […]}`" }
        for key in ["source", "command", "args"] { hints[key] = "it belongs in `trigger`" }
        hints["timeout"] = "it belongs in a rung: `escalation: [{timeout: 10m, actions: […]}]`"
        hints["guards"] = "conditions on the server are `when_server`"
        hints["if"] = "conditions are `when`"
        hints["on"] = "what a rule waits for is `trigger`"
        hints["dry_run"] = "write `autonomy: observe`"
        for key in ["approval", "while_firing", "group_by", "fleet"] { hints[key] = "this version has no `\(key)` in a rule" }
        hints["vars"] = "`vars` stands beside `rules`, for the whole file"
        return hints
    }()

    init(
        sources: Set<String>?, kinds: [String: SourceKindName], floor: Limits, zones: TimeZoneCatalog, vars: CELValue,
        collector: DiagnosticCollector
    ) {
        self.sources = sources
        self.kinds = kinds
        self.floor = floor
        self.zones = zones
        self.vars = vars
        self.collector = collector
    }

    /// The rule, `nil` when it has errors; its name is added to `names`.
    mutating func read(_ node: YAMLNode, _ names: inout [String: YAMLNode]) -> Rule? {
        let errorsBefore = collector.errorCount
        if let name = Self.peekName(node) { owner = "rule `\(name)`" }
        guard let fields = YAMLMapping(node, keys: Self.keys, of: owner, elsewhere: Self.elsewhere, collector) else { return nil }
        guard let nameNode = fields.required("name") else { return nil }
        let name = readName(nameNode, &names) ?? ""
        let trigger = fields.required("trigger").flatMap { readTrigger($0) }
        let target = fields["target"]
        let scopes = RuleScopes(
            vars: vars, command: trigger?.command, isCommand: isCommand(fields), hasTarget: target != nil,
            kind: trigger.flatMap { kinds[$0.source] })
        let rungs = readRungs(fields, scopes)
        let isActing = rungs.contains { $0.action != nil }
        if isActing, fields["target"] == nil {
            report(
                fields.node.diagnosticAtStart(
                    .missingTarget, "\(owner) acts on a server but has no `target`",
                    hint: "name it: `target: event.labels.instance`"))
        }
        let healthyDelay = readSpan(fields, "healthy_delay", in: .seconds(1)...(.seconds(86_400))) ?? .seconds(120)
        checkTimeouts(rungs, healthyDelay, fields)
        let draft = RuleDraft(
            name: name,
            description: fields["description"].flatMap { $0.string("`description`", collector) },
            isEnabled: fields["enabled"].flatMap { $0.bool("`enabled`", collector) } ?? true,
            trigger: trigger ?? Trigger(source: "", command: nil),
            waitFor: readWait(fields), probe: fields["probe"].flatMap { readProbe($0) }, healthyDelay: healthyDelay,
            limits: readLimits(fields), autonomy: readAutonomy(fields) ?? .observe, rungs: rungs,
            permissions: readPermissions(fields), reply: readReply(fields, scopes), file: node.source.file, line: node.line,
            when: readWhen(fields, scopes), whenServer: readWhenServer(fields, scopes),
            target: target.flatMap { readExpression($0, "`target`", scopes.target, wanted: [.string, .int, .uint]) },
            vars: vars, zones: zones.zones)
        return collector.errorCount > errorsBefore ? nil : Rule(draft, firstLine: node.source.line(node.line))
    }

    func report(_ diagnostic: Diagnostic) {
        collector.report(diagnostic)
    }

    /// The name without complaint, so that messages about other keys can use it.
    private static func peekName(_ node: YAMLNode) -> String? {
        guard case .mapping(let entries) = node.content else { return nil }
        let name = entries.first { $0.name == "name" }?.value.scalar?.text
        return name.flatMap { RuleNames.isRuleName($0) ? $0 : nil }
    }

    private func readName(_ node: YAMLNode, _ names: inout [String: YAMLNode]) -> String? {
        guard let name = node.identifier("`name`", collector) else { return nil }
        guard RuleNames.isRuleName(name) else {
            report(
                node.diagnostic(
                    .badName, "`\(name)` can not be a rule's name",
                    hint: "lower-case letters, digits, `-`, `_` and `.`, at most 64, a letter or digit first"))
            return nil
        }
        if let earlier = names[name] {
            report(
                node.diagnostic(
                    .duplicateRule, "there is already a rule `\(name)`",
                    hint: "it is in \(earlier.source.file), line \(earlier.line)"))
            return nil
        }
        names[name] = node
        return name
    }

    // MARK: - Conditions

    private func isCommand(_ fields: YAMLMapping) -> Bool {
        guard case .mapping(let entries)? = fields["trigger"]?.content else { return false }
        return entries.contains { $0.name == "command" }
    }

    private func readWhen(_ fields: YAMLMapping, _ scopes: RuleScopes) -> [CELExpression] {
        guard let node = fields["when"] else {
            if fields["trigger"] != nil, !isCommand(fields) {
                report(
                    fields.node.diagnosticAtStart(
                        .missingKey, "\(owner) has no `when`: it would act on every problem of its source",
                        hint: "if that is meant, write `when: true`"))
            }
            return []
        }
        return readConditions(node, "`when`", scopes.when)
    }

    private func readWhenServer(_ fields: YAMLMapping, _ scopes: RuleScopes) -> [CELExpression] {
        guard let node = fields["when_server"] else { return [] }
        if fields["target"] == nil {
            report(
                (fields.key("when_server") ?? node).diagnostic(
                    .missingTarget, "`when_server` needs a `target`", hint: "name the server: `target: event.labels.instance`"))
        }
        return readConditions(node, "`when_server`", scopes.withServer)
    }

    private func readConditions(_ node: YAMLNode, _ title: String, _ scope: ExpressionScope) -> [CELExpression] {
        let items: [YAMLNode]
        if case .sequence(let list) = node.content { items = list } else { items = [node] }
        if items.isEmpty {
            report(node.diagnostic(.outOfRange, "\(title) is empty", hint: "write at least one condition, or `true`"))
        }
        return items.compactMap { readCondition($0, title, scope) }
    }

    // MARK: - Single keys

    private func readWait(_ fields: YAMLMapping) -> Duration? {
        guard let node = fields["for"] else { return nil }
        if isCommand(fields) {
            report((fields.key("for") ?? node).diagnostic(.badCommand, "`for` has no meaning for a command: people do not wait"))
            return nil
        }
        return readSpan(fields, "for", in: .zero...(.seconds(7 * 86_400)))
    }

    func readSpan(_ fields: YAMLMapping, _ key: String, in range: ClosedRange<Duration>) -> Duration? {
        guard let node = fields[key], let span = node.duration("`\(key)`", collector) else { return nil }
        guard range.contains(span) else {
            let (least, most) = (YAMLDuration.text(range.lowerBound), YAMLDuration.text(range.upperBound))
            report(node.diagnostic(.outOfRange, "`\(key)` has to be \(least) to \(most)"))
            return nil
        }
        return span
    }

    private func readAutonomy(_ fields: YAMLMapping) -> Autonomy? {
        let hint = "write `autonomy: observe` to be told what it would do, or `autonomy: auto` to let it act"
        guard let node = fields.required("autonomy", hint: hint) else { return nil }
        if node.scalar?.text == "approve" {
            report(
                node.diagnostic(
                    .notSupported, "`autonomy: approve` is not supported by this version", hint: "use `observe` or `auto`"))
            return nil
        }
        return node.choice("`autonomy`", among: Autonomy.allCases.map(\.rawValue), collector).flatMap { Autonomy(rawValue: $0) }
    }

    private func readPermissions(_ fields: YAMLMapping) -> Permissions? {
        guard let node = fields["permissions"] else {
            if isCommand(fields) {
                report(
                    fields.node.diagnosticAtStart(
                        .badPermissions, "\(owner) is a command but has no `permissions`",
                        hint: "write `permissions: {users: [U012ABCDEF]}`"))
            }
            return nil
        }
        guard isCommand(fields) else {
            report(
                (fields.key("permissions") ?? node).diagnostic(
                    .badPermissions, "only a rule with a command has `permissions`"))
            return nil
        }
        guard let lists = YAMLMapping(node, keys: ["users", "channels"], of: "`permissions`", collector) else { return nil }
        let users = lists["users"].map { $0.identifiers("`users`", collector) ?? [] } ?? []
        let channels = lists["channels"].map { $0.identifiers("`channels`", collector) ?? [] } ?? []
        for key in ["users", "channels"] {
            if let list = lists[key], case .sequence(let items) = list.content, items.isEmpty {
                report(list.diagnostic(.badPermissions, "`\(key)` is empty", hint: "leave the key out to allow all \(key)"))
            }
        }
        if users.isEmpty && channels.isEmpty && lists["users"] == nil && lists["channels"] == nil {
            report(
                node.diagnosticAtStart(
                    .badPermissions, "`permissions` allows nobody", hint: "give `users`, `channels` or both"))
        }
        return Permissions(users: Set(users), channels: Set(channels))
    }

    private func readReply(_ fields: YAMLMapping, _ scopes: RuleScopes) -> Template? {
        guard let node = fields["reply"] else { return nil }
        guard isCommand(fields) else {
            report((fields.key("reply") ?? node).diagnostic(.badCommand, "only a rule with a command has a `reply`"))
            return nil
        }
        return readTemplate(node, "`reply`", scopes.reply)
    }
}
