/// `fleet`, `group_by` and `fleet.scale`: rules over a set of servers.
extension RuleReader {
    func readFleet(_ fields: RuleFields, _ scopes: RuleScopes) -> FleetSelection? {
        guard let node = fields["fleet"] else { return nil }
        guard node.isMapping else {
            return readCondition(node, "`fleet`", scopes.eachServer).map {
                FleetSelection(select: bound($0), deletesCreated: false)
            }
        }
        guard let own = RuleFields(node, RuleTables.fleet, collector) else { return nil }
        let select = own.required("select", hint: "write `fleet: {select: server.name.startsWith(\"web-\")}`")
        return select.flatMap { readCondition($0, "`select`", scopes.eachServer) }.map {
            FleetSelection(select: bound($0), deletesCreated: own.choice("delete") != nil)
        }
    }

    func readGroup(_ fields: RuleFields, _ scopes: RuleScopes) -> RuleExpression? {
        guard let node = fields["group_by"] else { return nil }
        if fields["target"] != nil {
            report(
                fields.place("group_by").diagnostic(
                    .badFleet, "\(owner) has both `target` and `group_by`",
                    hint: "a run is about one server, or about one group"))
        }
        return readExpression(node, "`group_by`", scopes.when, wanted: [.string, .int, .uint]).map { bound($0) }
    }

    /// What the rungs do needs its servers named: one by `target`, a set by `fleet`.
    func checkServers(_ rungs: [Rung], _ fleet: FleetSelection?, _ autonomy: Autonomy?, _ fields: RuleFields) {
        if fields["target"] == nil, let verb = Self.needOfTarget(rungs) {
            report(
                fields.node.diagnosticAtStart(
                    .missingTarget, "\(owner) \(verb) a server but has no `target`",
                    hint: "name it: `target: event.labels.instance`"))
        }
        let scales = rungs.compactMap(\.scale)
        let deletes = rungs.contains { $0.deletesTarget }
        if !scales.isEmpty, fields["fleet"] == nil {
            report(
                fields.node.diagnosticAtStart(
                    .badFleet, "\(owner) scales a fleet but has no `fleet`",
                    hint: "say which servers it owns: `fleet: {select: server.name.startsWith(\"web-\")}`"))
        }
        if !scales.isEmpty, fields["target"] != nil {
            report(
                fields.place("target").diagnostic(
                    .badFleet, "\(owner) scales a fleet and has a `target`", hint: "keep `fleet`; one rule does one of the two"))
        }
        if scales.isEmpty, !deletes, !rungs.isEmpty, fields["fleet"] != nil {
            report(
                fields.place("fleet").diagnostic(
                    .badFleet, "only a rule with `fleet.scale` or `server.delete` has a `fleet`"))
        }
        // A group is judged, and its lane taken, by its own step: a rung of requests alone would have neither server nor group.
        if let first = rungs.first, !first.countsServers, rungs.contains(where: \.countsServers), fields["target"] == nil,
            !rungs.contains(where: { $0.targetChange != nil })
        {
            let isScale = !scales.isEmpty
            report(
                fields.place("escalation").diagnostic(
                    .badFleet,
                    "the first rung of \(owner) sends only requests, and a later one \(isScale ? "scales" : "creates a server")",
                    hint: "put the requests before `\(isScale ? "fleet.scale" : "server.create")`, in its rung"))
        }
        if autonomy == .auto, fleet?.deletesCreated != true, deletes || (fleet != nil && scales.contains { $0.delta < 0 }) {
            report(
                fields.place("autonomy").diagnostic(
                    .badFleet, "\(owner) deletes servers without asking anybody",
                    hint:
                        "write `autonomy: approve`, or let it delete what the bridge created: `fleet: {…, delete: bridge-created}`"
                ))
        }
    }

    /// What the rungs do that needs one server; `nil` when nothing does.
    private static func needOfTarget(_ rungs: [Rung]) -> String? {
        if rungs.contains(where: { $0.targetChange != nil }) { return "acts on" }
        let reads = rungs.contains { rung in
            rung.steps.contains { step in
                if case .read(.get) = step.action { true } else { false }
            }
        }
        return reads ? "reads" : nil
    }

    // MARK: - fleet.scale

    func readScale(_ with: RuleFields, _ options: StepOptions, _ scopes: RuleScopes) -> FleetScale? {
        let min = with.required("min").flatMap { with.int("min", $0) }
        let max = with.required("max").flatMap { with.int("max", $0) }
        let delta = with.required("delta").flatMap { with.int("delta", $0) }
        if let min, let max, min > max {
            report(with.place("min").diagnostic(.outOfRange, "`min` is greater than `max`"))
        }
        if delta == 0 { report(with.place("delta").diagnostic(.outOfRange, "`delta` of 0 changes nothing")) }
        var template: ServerTemplate?
        if let node = with["template"], let own = RuleFields(node, RuleTables.serverTemplate, collector) {
            template = readServerTemplate(own, nameFor: delta ?? 1, scopes.creating)
        }
        if let delta, delta > 0, with["template"] == nil {
            report(
                with.node.diagnosticAtStart(
                    .badFleet, "a positive `delta` needs a `template`",
                    hint:
                        "write what is created: `template: {name: \"web-${{ slot }}\", plan_id: 1, os_id: 1, location: us-west}`")
            )
        }
        for key in ["template"] where (delta ?? 1) < 0 && with[key] != nil {
            report(with.place(key).diagnostic(.badFleet, "a negative `delta` creates nothing", hint: "remove `\(key)`"))
        }
        for key in ["victim", "drain"] where (delta ?? -1) > 0 && with[key] != nil {
            report(with.place(key).diagnostic(.badFleet, "a positive `delta` deletes nothing", hint: "remove `\(key)`"))
        }
        let victim = readVictim(with, scopes)
        let drain = readDrain(with, scopes)
        guard let min, let max, let delta, let victim else { return nil }
        return FleetScale(
            min: min, max: max, delta: delta, template: template, victim: victim, drain: drain,
            waitFor: options.waitFor ?? FleetScale.defaultWait)
    }

    private func readVictim(_ with: RuleFields, _ scopes: RuleScopes) -> FleetScale.Victim? {
        guard let node = with["victim"] else { return .newest }
        switch node.scalar?.text {
        case "newest"?: return .newest
        case "oldest"?: return .oldest
        default: break
        }
        return readExpression(
            node, "`victim`", scopes.eachServer, wanted: [.string, .int, .uint, .double, .timestamp],
            as: "`newest`, `oldest`, or a text, a number or a timestamp"
        ).map { .key(bound($0)) }
    }

    /// The body of a create; what the API asks for is checked as far as it stands in the file.
    ///
    /// `count` is how many servers are made from it at once; `nil` for one whose name may be any.
    func readServerTemplate(_ fields: RuleFields, nameFor count: Int?, _ scope: ExpressionScope) -> ServerTemplate? {
        var members: [(name: String, value: ValueTemplate.Node)] = []
        for key in fields.table.keys {
            guard let node = key.isRequired ? fields.required(key.name) : fields[key.name] else { continue }
            let value = readValue(node, "`\(key.name)`", scope)
            checkTemplateValue(key, value, node)
            if key.name.utf8.elementsEqual("name".utf8) {
                if let count { checkSlot(value, node, count: count) }
                checkNameParts(value, node)
            }
            members.append((key.name, value))
        }
        return ServerTemplate(body: ValueTemplate(root: .map(members)))
    }

    func checkTemplateValue(_ key: RuleKey, _ value: ValueTemplate.Node, _ node: YAMLNode) {
        let isText = if case .template = key.shape { true } else { false }
        let isFlag = key.name.utf8.elementsEqual("backups_enabled".utf8)
        switch value {
        case .template(let template):
            if isText || template.isWhole { return }
            report(node.diagnostic(.wrongKind, "`\(key.name)` is \(isFlag ? "true or false" : "a whole number"), not a text"))
        case .int where !isText && !isFlag, .bool where isFlag: return
        default:
            if node.isRefused { return }
            let wanted = isText ? "a text" : isFlag ? "true or false" : "a whole number"
            report(node.diagnosticAtStart(.wrongKind, "`\(key.name)` is \(wanted), not \(node.kindTitle)"))
        }
    }

    /// The name decides whether a server is there already, so that it has to be another one for each slot.
    private func checkSlot(_ value: ValueTemplate.Node, _ node: YAMLNode, count: Int) {
        guard case .template(let template) = value else { return }
        let differs = template.expressions.contains { $0.mentions("slot") || (count == 1 && $0.mentions("short_id")) }
        if !differs {
            report(
                node.diagnostic(
                    .badFleet, "the name of the new server is the same every time",
                    hint: "put the lowest free number into it: `web-${{ slot }}`"))
        }
    }

    /// What is written of a server's name has to be possible.
    func checkNameParts(_ value: ValueTemplate.Node, _ node: YAMLNode) {
        guard case .template(let template) = value else { return }
        for case .text(let text) in template.segments where !ServerTemplate.isNamePart(text) {
            report(node.diagnostic(.badName, "a server's name is letters, digits and hyphens"))
        }
    }
}

extension CELExpression {
    /// Whether a name stands in it outside of texts; a field of that name counts too.
    func mentions(_ name: String) -> Bool {
        var lexer = CELLexer(bytes: Array(text.utf8))
        while let token = try? lexer.next() {
            switch token.kind {
            case .identifier(let word) where word.utf8.elementsEqual(name.utf8): return true
            case .end: return false
            default: break
            }
        }
        return false
    }
}
