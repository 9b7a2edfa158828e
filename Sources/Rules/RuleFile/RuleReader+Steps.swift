/// One step: its action, and the keys that every step has.
extension RuleReader {
    /// The step, `nil` when it has errors; with its action and the place of its name as far as
    /// they could be read.
    func readStep(
        _ node: YAMLNode, after earlier: [Step], _ scopes: RuleScopes
    ) -> (step: Step?, name: ActionName?, place: YAMLNode?) {
        guard node.isMapping else {
            guard node.string("an action", collector) != nil, let name = readActionName(node) else { return (nil, nil, nil) }
            refuseOneWay(name, node, scopes)
            if let table = name.with, name.needsWith {
                report(node.diagnosticAtStart(.missingKey, "`\(name.rawValue)` has no `with`", hint: example(name, table)))
                return (nil, name, node)
            }
            return (name.plain.map { Step(plain: $0, name: name.rawValue, line: node.line) }, name, node)
        }
        guard let fields = RuleFields(node, RuleTables.step, collector) else { return (nil, nil, nil) }
        guard let place = fields.required("action"), place.string("`action`", collector) != nil,
            let name = readActionName(place)
        else { return (nil, nil, nil) }
        refuseOneWay(name, place, scopes)
        let scopes = scopes.after(earlier)
        checkKeys(fields, name)
        let id = readID(fields, earlier)
        let condition = fields["if"].flatMap { readCondition($0, "`if`", scopes.template) }.map { bound($0) }
        let options = readOptions(fields, name)
        guard let action = readAction(name, fields, options, scopes) else { return (nil, name, place) }
        if case .scale(let scale) = action, let drain = scale.drain?.id {
            if earlier.contains(where: { $0.gives(drain) }) || (id.map { $0.utf8.elementsEqual(drain.utf8) } ?? false) {
                report(fields.place("with").diagnostic(.badStep, "there are two steps `\(drain)`"))
            }
        }
        let step = Step(
            id: id, name: name.rawValue, condition: condition, action: action, timeout: options.timeout, retry: options.retry,
            expect: options.expect, waitFor: options.waitFor, line: node.line)
        return (step, name, place)
    }

    func bound(_ expression: CELExpression) -> RuleExpression {
        RuleExpression(expression: expression, vars: vars, zones: zones.zones)
    }

    private func readID(_ fields: RuleFields, _ earlier: [Step]) -> String? {
        guard let node = fields["id"], let id = node.string("`id`", collector) else { return nil }
        guard RuleNames.isIdentifier(id) else {
            report(node.diagnostic(.badName, "`\(id)` can not be a step's id", hint: "letters, digits and `_`, a letter first"))
            return nil
        }
        if earlier.contains(where: { $0.gives(id) }) {
            report(node.diagnostic(.badStep, "there are two steps `\(id)`"))
        }
        return id
    }

    // MARK: - Actions

    private func readAction(
        _ name: ActionName, _ fields: RuleFields, _ options: StepOptions, _ scopes: RuleScopes
    ) -> StepAction? {
        guard let table = name.with else {
            if let with = fields["with"] {
                report(
                    with.diagnosticAtStart(
                        .unknownKey, "`\(name.rawValue)` takes no `with`", hint: "the server is `target`"))
            }
            return name.plain
        }
        guard let with = fields["with"] else {
            if name.needsWith {
                report(
                    fields.node.diagnosticAtStart(
                        .missingKey, "`\(name.rawValue)` has no `with`", hint: example(name, table)))
            }
            return name.plain
        }
        guard let own = RuleFields(with, table, of: "`with` of `\(name.rawValue)`", collector) else { return nil }
        switch name {
        case .notify: return readNotify(own, scopes).map { .notify($0) }
        case .request: return readRequest(own, scopes).map { .httpRequest($0) }
        case .list: return .read(readList(own, scopes))
        case .create: return readCreate(own, options, scopes).map { .create($0) }
        case .replace, .update: return readServerFields(name, own, scopes).map { .fields($0) }
        case .scale: return readScale(own, options, scopes).map { .scale($0) }
        case .pause: return readPause(own, scopes).map { .pause($0) }
        case .wait: return own.required("for").flatMap { own.span("for", $0) }.map { .wait($0) }
        case .reboot, .start, .stop, .powerCycle, .get, .delete: return nil
        }
    }

    private func readNotify(_ with: RuleFields, _ scopes: RuleScopes) -> NotifyStep? {
        let hint = example(.notify, with.table)
        _ = with.required("channel", hint: hint)
        let text = with.required("text", hint: hint).flatMap { readTemplate($0, "`text`", scopes.template) }
        guard let channel = readChannel(with, "channel") else { return nil }
        return text.map { NotifyStep(channel: channel, text: $0) }
    }

    private func example(_ name: ActionName, _ table: RuleTable) -> String {
        if name == .notify { return "write `{action: notify, with: {channel: oncall, text: \"…\"}}`" }
        if name == .update { return "write `{action: server.update, with: {hostname: …}}`" }
        let keys = table.keys.filter(\.isRequired).map { "\($0.name): …" }.joined(separator: ", ")
        return "write `{action: \(name.rawValue), with: {\(keys)}}`"
    }

    /// Alone, a stop would leave a server stopped with nobody looking, and a start would start what somebody stopped on purpose.
    private func refuseOneWay(_ name: ActionName, _ place: YAMLNode, _ scopes: RuleScopes) {
        guard !scopes.isCommand, name == .start || name == .stop, !(name == .start && scopes.startsStopped) else { return }
        report(
            place.diagnostic(
                .badEscalation, "`\(name.rawValue)` is for commands of people, not for alerts",
                hint: name == .start
                    ? "`server.power_cycle` stops and starts; `start_stopped: true` lets a rule start what it did not stop"
                    : "`server.power_cycle` stops and starts"))
    }

    private func readActionName(_ node: YAMLNode) -> ActionName? {
        guard let text = node.scalar?.text else { return nil }
        if let name = ActionName(rawValue: text) { return name }
        let names = ActionName.allCases.map(\.rawValue)
        let hint = actionHint(text) ?? "one of " + names.map { "`\($0)`" }.joined(separator: ", ")
        report(node.diagnostic(.unknownValue, "there is no action `\(text)`", hint: hint))
        return nil
    }

    /// The action that a word stands for: written without `server.`, under its name elsewhere, or misspelt.
    private func actionHint(_ text: String) -> String? {
        let prefix = "server."
        let word = text.utf8.starts(with: prefix.utf8) ? String(text.dropFirst(prefix.utf8.count)) : text
        let others: [String: ActionName] = [
            "restart": .reboot, "shutdown": .stop, "poweroff": .stop, "power_off": .stop, "halt": .stop, "boot": .start,
            "poweron": .start, "power_on": .start, "reset": .powerCycle, "hard_reboot": .powerCycle, "powercycle": .powerCycle,
            "scale": .scale, "fleet": .scale, "http": .request, "request": .request, "webhook": .request, "message": .notify,
            "sleep": .wait,
        ]
        if let action = others[word] { return "did you mean `\(action.rawValue)`?" }
        let short = ServerAction.allCases.map { String($0.rawValue.dropFirst(prefix.utf8.count)) }
        if let near = Suggestion.nearest(to: word, among: short) { return "did you mean `server.\(near)`?" }
        return Suggestion.hint(for: text, among: ActionName.allCases.map(\.rawValue))
    }
}

extension ActionName {
    /// The action when nothing else is said of it; `nil` when something has to be.
    fileprivate var plain: StepAction? {
        switch self {
        case .get: .read(.get)
        case .list: .read(.list(status: nil, location: nil))
        case .delete: .delete
        default: ServerAction(rawValue: rawValue).map { .server($0) }
        }
    }
}

extension Step {
    /// A step that was written as its action's name alone.
    init(plain action: StepAction, name: String, line: Int) {
        self.init(
            id: nil, name: name, condition: nil, action: action, timeout: nil, retry: nil, expect: nil, waitFor: nil, line: line)
    }
}
