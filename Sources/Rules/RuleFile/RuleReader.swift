import Model

/// What rule files are checked against, besides themselves.
struct RuleSurroundings {
    /// The configured sources' names; `nil` checks nothing.
    let sources: Set<String>?
    /// The kind of each source that has one.
    let kinds: [String: SourceKindName]
    /// The names of the configured secrets; `nil` checks nothing.
    let secrets: Set<String>?
    /// The people of each group; `nil` checks nothing.
    var groups: [String: [String]]?
    /// What a rule may only make stricter.
    let floor: Limits
    let zones: TimeZoneCatalog
    /// What the events of a source may lead to, by the source's name; one that is not in it may lead to anything.
    var may: [String: SourcePermission] = [:]
}

/// Reads one rule. Whatever is wrong is reported; reading goes on, so that one pass finds everything.
struct RuleReader {
    let surroundings: RuleSurroundings
    var vars: CELValue
    let collector: DiagnosticCollector
    /// ``rule `host-down` ``, for messages.
    var owner = "the rule"

    init(surroundings: RuleSurroundings, vars: CELValue, collector: DiagnosticCollector) {
        self.surroundings = surroundings
        self.vars = vars
        self.collector = collector
    }

    var floor: Limits { surroundings.floor }
    var zones: TimeZoneCatalog { surroundings.zones }

    /// The rule, `nil` when it has errors; its name is added to `names`.
    mutating func read(_ node: YAMLNode, _ names: inout [String: YAMLNode]) -> Rule? {
        let errorsBefore = collector.errorCount
        if let name = Self.peekName(node) { owner = "rule `\(name)`" }
        guard let fields = RuleFields(node, RuleTables.rule, of: owner, collector) else { return nil }
        guard let nameNode = fields.required("name") else { return nil }
        let name = readName(nameNode, &names) ?? ""
        if let own = fields["vars"] { vars = VarsReader(collector: collector).read(own, over: vars) }
        let trigger = fields.required("trigger").flatMap { readTrigger($0) }
        let target = fields["target"]
        let scopes = RuleScopes(
            vars: vars, command: trigger?.command, isCommand: isCommand(fields), hasTarget: target != nil,
            kind: trigger.flatMap { Self.isSchedule($0) ? .schedule : surroundings.kinds[$0.source] },
            startsStopped: fields.bool("start_stopped") ?? false)
        let rungs = readRungs(fields, scopes)
        let autonomy = fields.choice("autonomy").flatMap { Autonomy(rawValue: $0) }
        let fleet = readFleet(fields, scopes)
        checkServers(rungs, fleet, autonomy, fields)
        let healthyDelay = fields.span("healthy_delay") ?? .seconds(120)
        checkTimeouts(rungs, healthyDelay, fields)
        checkSource(trigger, rungs, fields)
        checkStartStopped(fields, rungs)
        checkOccasion(trigger, rungs, fields)
        let (limits, extraLimits) = readLimits(fields, scopes, rungs)
        checkPrices(rungs, limits, fields)
        let draft = RuleDraft(
            name: name, description: fields.text("description"), isEnabled: fields.bool("enabled") ?? true,
            trigger: trigger ?? Trigger(source: "", kind: .event(statuses: [.problem])),
            waitFor: readWait(fields), probe: fields["probe"].flatMap { readProbe($0) }, healthyDelay: healthyDelay,
            limits: limits, extraLimits: extraLimits,
            autonomy: autonomy ?? standardAutonomy(rungs, fields),
            approval: readApproval(fields, autonomy, scopes), groupBy: readGroup(fields, scopes), fleet: fleet,
            whileFiring: readWhileFiring(fields), rungs: rungs, permissions: readPermissions(fields),
            replies: readReplies(fields, scopes), startsStopped: scopes.startsStopped, file: node.source.file, line: node.line,
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

    func isCommand(_ fields: RuleFields) -> Bool { triggerHolds("command", fields) }

    private func triggerHolds(_ key: String, _ fields: RuleFields) -> Bool {
        guard case .mapping(let entries)? = fields["trigger"]?.content else { return false }
        return entries.contains { $0.name.utf8.elementsEqual(key.utf8) }
    }

    private func readWhen(_ fields: RuleFields, _ scopes: RuleScopes) -> [CELExpression] {
        guard let node = fields["when"] else {
            if fields["trigger"] != nil, !isCommand(fields), !triggerHolds("schedule", fields) {
                report(
                    fields.node.diagnosticAtStart(
                        .missingKey, "\(owner) has no `when`: it would act on every problem of its source",
                        hint: "if that is meant, write `when: true`"))
            }
            return []
        }
        return readConditions(node, "`when`", scopes.when)
    }

    private func readWhenServer(_ fields: RuleFields, _ scopes: RuleScopes) -> [CELExpression] {
        guard let node = fields["when_server"] else { return [] }
        if fields["target"] == nil {
            report(
                fields.place("when_server").diagnostic(
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
        if items.count > 100 { report(node.diagnostic(.outOfRange, "\(title) has more than 100 conditions")) }
        return items.compactMap { readCondition($0, title, scope) }
    }

    // MARK: - Single keys

    private func readWait(_ fields: RuleFields) -> Duration? {
        guard fields["for"] != nil else { return nil }
        if isCommand(fields) {
            report(fields.place("for").diagnostic(.badCommand, "`for` has no meaning for a command: people do not wait"))
            return nil
        }
        return fields.span("for")
    }

    /// A rule does nothing that `may` of its source does not name.
    private func checkSource(_ trigger: Trigger?, _ rungs: [Rung], _ fields: RuleFields) {
        guard let trigger, let permission = surroundings.may[trigger.source] else { return }
        var told: Set<String> = []
        for step in rungs.flatMap(\.steps) where !permission.allows(step.name) && told.insert(step.name).inserted {
            let listed = permission.actions.map { "`\($0)`" }.joined(separator: ", ")
            report(
                fields.place("trigger").diagnostic(
                    .looserThanFloor, "source `\(trigger.source)` may not lead to `\(step.name)`",
                    hint: "`may` of the source in vpsbridge.yaml lists \(listed.utf8.isEmpty ? "nothing" : listed)"))
        }
    }

    private func checkStartStopped(_ fields: RuleFields, _ rungs: [Rung]) {
        guard fields.bool("start_stopped") == true, !rungs.isEmpty else { return }
        if rungs.contains(where: { $0.action == .start || $0.action == .powerCycle }) { return }
        report(
            fields.place("start_stopped").diagnostic(
                .badEscalation, "`start_stopped` means nothing to \(owner), which starts no server",
                hint: "it is for `server.start` and `server.power_cycle`"))
    }

    private func readWhileFiring(_ fields: RuleFields) -> WhileFiring? {
        guard let node = fields["while_firing"] else { return nil }
        guard let own = RuleFields(node, RuleTables.whileFiring, collector) else { return nil }
        let every = own.required("every").flatMap { own.span("every", $0) }
        let max = own.required("max").flatMap { own.int("max", $0) }
        guard let every, let max else { return nil }
        return WhileFiring(every: every, max: max)
    }
}
