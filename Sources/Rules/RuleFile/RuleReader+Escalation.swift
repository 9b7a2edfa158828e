/// `escalation` and `actions`: what a rule does, rung by rung.
extension RuleReader {
    static let defaultTimeout = Duration.seconds(600)

    func readRungs(_ fields: YAMLMapping, _ scopes: RuleScopes) -> [Rung] {
        switch (fields["actions"], fields["escalation"]) {
        case (nil, nil):
            report(
                fields.node.diagnosticAtStart(
                    .missingKey, "\(owner) has neither `actions` nor `escalation`", hint: "write `actions: [server.reboot]`"))
            return []
        case (_?, let escalation?):
            report(
                (fields.key("escalation") ?? escalation).diagnostic(
                    .badEscalation, "\(owner) has both `actions` and `escalation`", hint: "keep one"))
            return []
        case (let actions?, nil):
            return readSteps(actions, isLast: true, scopes).map { [Rung($0, timeout: Self.defaultTimeout)] } ?? []
        case (nil, let escalation?):
            guard let items = escalation.list("`escalation`", max: 16, collector) else { return [] }
            if items.isEmpty { report(escalation.diagnostic(.badEscalation, "`escalation` is empty")) }
            return items.enumerated().compactMap { index, item in
                readRung(item, isLast: index == items.count - 1, scopes)
            }
        }
    }

    private func readRung(_ node: YAMLNode, isLast: Bool, _ scopes: RuleScopes) -> Rung? {
        guard let fields = YAMLMapping(node, keys: ["timeout", "actions"], of: "a rung", collector),
            let actions = fields.required("actions"), let steps = readSteps(actions, isLast: isLast, scopes)
        else { return nil }
        let timeout = readSpan(fields, "timeout", in: .seconds(10)...(.seconds(7 * 86_400)))
        if steps.action == nil, let key = fields.key("timeout") {
            report(
                key.diagnostic(.badEscalation, "a rung that only notifies has no effect to wait for", hint: "remove `timeout`"))
        }
        if steps.action != nil, !isLast, fields["timeout"] == nil {
            report(
                node.diagnosticAtStart(
                    .badEscalation, "a rung before the last has no `timeout`",
                    hint: "say how long its effect is waited for: `timeout: 10m`"))
        }
        return Rung(steps, timeout: timeout ?? Self.defaultTimeout)
    }

    /// A timeout that ends before health can be confirmed would climb on every time.
    func checkTimeouts(_ rungs: [Rung], _ healthyDelay: Duration, _ fields: YAMLMapping) {
        for rung in rungs where rung.action != nil && rung.timeout <= healthyDelay {
            let node = fields.key("escalation") ?? fields.key("actions") ?? fields.node
            report(
                node.diagnostic(
                    .badEscalation,
                    "a timeout of \(YAMLDuration.text(rung.timeout)) ends before health has lasted \(YAMLDuration.text(healthyDelay))",
                    hint: "make `timeout` longer than `healthy_delay`"))
            return
        }
    }

    /// The steps of one rung.
    struct Steps {
        var action: ServerAction?
        var notifications: [NotifyStep] = []
    }

    private func readSteps(_ node: YAMLNode, isLast: Bool, _ scopes: RuleScopes) -> Steps? {
        guard let items = node.list("`actions`", max: 16, collector) else { return nil }
        if items.isEmpty {
            report(node.diagnostic(.badEscalation, "`actions` is empty"))
            return nil
        }
        var steps = Steps()
        for (index, item) in items.enumerated() {
            let (name, with) = readStep(item)
            guard let name, let text = name.scalar?.text else { continue }
            if text.utf8.elementsEqual("notify".utf8) {
                if let step = readNotify(item, with, scopes) { steps.notifications.append(step) }
            } else if let action = readAction(name) {
                if !scopes.isCommand { refuseOneWay(action, name) }
                if index > 0 {
                    let isSecond = steps.action != nil
                    report(
                        name.diagnostic(
                            .badEscalation,
                            isSecond ? "a rung has at most one server action" : "the server action is not the rung's first step",
                            hint: isSecond ? "put it on a rung of its own, under `escalation`" : "put it before `notify`"))
                }
                if let with {
                    report(with.diagnosticAtStart(.unknownKey, "`\(text)` takes no `with`", hint: "the server is `target`"))
                }
                steps.action = steps.action ?? action
            }
        }
        if steps.action == nil, !isLast, !steps.notifications.isEmpty {
            report(
                node.diagnosticAtStart(
                    .badEscalation, "a rung before the last has no server action", hint: "add `notify` to the rung before it"))
        }
        return steps
    }

    /// Alone, a stop would leave a server stopped with nobody looking, and a start would start what somebody stopped on purpose.
    private func refuseOneWay(_ action: ServerAction, _ name: YAMLNode) {
        switch action {
        case .start, .stop:
            report(
                name.diagnostic(
                    .badEscalation, "`\(action.rawValue)` is for commands of people, not for alerts",
                    hint: "`server.power_cycle` stops and starts"))
        case .reboot, .powerCycle: break
        }
    }

    /// A step's name and what it is called with.
    private func readStep(_ node: YAMLNode) -> (name: YAMLNode?, with: YAMLNode?) {
        if case .scalar = node.content { return (node.string("an action", collector) == nil ? nil : node, nil) }
        guard let fields = YAMLMapping(node, keys: ["action", "with"], of: "an action", collector) else { return (nil, nil) }
        let name = fields.required("action").flatMap { $0.string("`action`", collector) == nil ? nil : $0 }
        return (name, fields["with"])
    }

    private static let laterActions = [
        "server.list", "server.get", "server.create", "server.replace", "server.update", "server.delete", "fleet.scale",
        "http.request",
        "wait", "pause",
    ]

    private func readAction(_ node: YAMLNode) -> ServerAction? {
        guard let text = node.scalar?.text else { return nil }
        if let action = ServerAction(rawValue: text) { return action }
        let names = ServerAction.allCases.map(\.rawValue) + ["notify"]
        if Self.laterActions.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
            report(
                node.diagnostic(
                    .notSupported, "the action `\(text)` is not supported by this version",
                    hint: "supported: " + names.map { "`\($0)`" }.joined(separator: ", ")))
            return nil
        }
        let hint = actionHint(text) ?? "one of " + names.map { "`\($0)`" }.joined(separator: ", ")
        report(node.diagnostic(.unknownValue, "there is no action `\(text)`", hint: hint))
        return nil
    }

    /// The action that a word stands for: written without `server.`, under its name elsewhere, or misspelt.
    private func actionHint(_ text: String) -> String? {
        let word = text.utf8.starts(with: "server.".utf8) ? String(text.dropFirst(7)) : text
        let others: [String: ServerAction] = [
            "restart": .reboot, "shutdown": .stop, "poweroff": .stop, "power_off": .stop, "halt": .stop, "boot": .start,
            "poweron": .start, "power_on": .start, "reset": .powerCycle, "hard_reboot": .powerCycle, "powercycle": .powerCycle,
        ]
        if let action = others[word] { return "did you mean `\(action.rawValue)`?" }
        let short = ServerAction.allCases.map { String($0.rawValue.dropFirst(7)) }
        if let near = Suggestion.nearest(to: word, among: short) { return "did you mean `server.\(near)`?" }
        return Suggestion.hint(for: text, among: ["notify"])
    }

    private func readNotify(_ node: YAMLNode, _ with: YAMLNode?, _ scopes: RuleScopes) -> NotifyStep? {
        let example = "write `{action: notify, with: {channel: oncall, text: \"…\"}}`"
        guard let with else {
            report(node.diagnosticAtStart(.missingKey, "`notify` has no `with`", hint: example))
            return nil
        }
        guard let fields = YAMLMapping(with, keys: ["channel", "text"], of: "`with` of `notify`", collector) else { return nil }
        let channelNode = fields.required("channel", hint: example)
        let text = fields.required("text", hint: example).flatMap { readTemplate($0, "`text`", scopes.template) }
        guard let channelNode, let channel = channelNode.string("`channel`", collector) else { return nil }
        if Array(channel.utf8).windowsContain("${{") {
            report(channelNode.diagnostic(.badTemplate, "`channel` is a name from vpsbridge.yaml, not a template"))
            return nil
        }
        return text.map { NotifyStep(channel: channel, text: $0) }
    }
}

extension Rung {
    init(_ steps: RuleReader.Steps, timeout: Duration) {
        func step(_ action: StepAction, _ name: String) -> Step {
            Step(id: nil, name: name, condition: nil, action: action, timeout: nil, retry: nil, expect: nil, waitFor: nil, line: 1)
        }
        let action = steps.action.map { [step(.server($0), $0.rawValue)] } ?? []
        self.init(timeout: timeout, steps: action + steps.notifications.map { step(.notify($0), "notify") })
    }
}
