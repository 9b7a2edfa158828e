/// `escalation` and `actions`: what a rule does, rung by rung.
extension RuleReader {
    static let defaultTimeout = Duration.seconds(600)

    func readRungs(_ fields: RuleFields, _ scopes: RuleScopes) -> [Rung] {
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
        case (_?, nil):
            return readSteps(fields, isLast: true, scopes).map { [Rung(timeout: Self.defaultTimeout, steps: $0)] } ?? []
        case (nil, let escalation?):
            guard let items = fields.items("escalation") else { return [] }
            if items.isEmpty { report(escalation.diagnostic(.badEscalation, "`escalation` is empty")) }
            return items.enumerated().compactMap { index, item in
                readRung(item, isLast: index == items.count - 1, scopes)
            }
        }
    }

    private func readRung(_ node: YAMLNode, isLast: Bool, _ scopes: RuleScopes) -> Rung? {
        let errorsBefore = collector.errorCount
        guard let fields = RuleFields(node, RuleTables.rung, collector),
            fields.required("actions") != nil, let steps = readSteps(fields, isLast: isLast, scopes)
        else { return nil }
        let timeout = fields.span("timeout")
        let rung = Rung(timeout: timeout ?? Self.defaultTimeout, steps: steps)
        // A step that could not be read has reported itself; what the rung does is then not known.
        if collector.errorCount > errorsBefore { return rung }
        if !rung.isChanging, let key = fields.key("timeout") {
            report(
                key.diagnostic(.badEscalation, "a rung that only notifies has no effect to wait for", hint: "remove `timeout`"))
        }
        if rung.isChanging, !isLast, fields["timeout"] == nil {
            report(
                node.diagnosticAtStart(
                    .badEscalation, "a rung before the last has no `timeout`",
                    hint: "say how long its effect is waited for: `timeout: 10m`"))
        }
        return rung
    }

    /// A timeout that ends before health can be confirmed would climb on every time.
    func checkTimeouts(_ rungs: [Rung], _ healthyDelay: Duration, _ fields: RuleFields) {
        for rung in rungs where rung.isChanging && rung.timeout <= healthyDelay {
            let node = fields.key("escalation") ?? fields.key("actions") ?? fields.node
            report(
                node.diagnostic(
                    .badEscalation,
                    "a timeout of \(YAMLDuration.text(rung.timeout)) ends before health has lasted \(YAMLDuration.text(healthyDelay))",
                    hint: "make `timeout` longer than `healthy_delay`"))
            return
        }
    }

    // MARK: - The steps of one rung

    private func readSteps(_ fields: RuleFields, isLast: Bool, _ scopes: RuleScopes) -> [Step]? {
        guard let node = fields["actions"], let items = fields.items("actions") else { return nil }
        if items.isEmpty {
            report(node.diagnostic(.badEscalation, "`actions` is empty"))
            return nil
        }
        let errorsBefore = collector.errorCount
        var steps: [Step] = []
        var places: [YAMLNode] = []
        var hasChange = false
        for item in items {
            let (step, name, place) = readStep(item, after: steps, scopes)
            if let name, let place {
                checkOrder(name, place, after: places, hasChange)
                if name.isServerChange { hasChange = true }
                places.append(place)
            }
            if let step { steps.append(step) }
        }
        let isSilent = collector.errorCount == errorsBefore && !steps.isEmpty
        if !isLast, isSilent, !Rung(timeout: .zero, steps: steps).isChanging {
            report(
                node.diagnosticAtStart(
                    .badEscalation, "a rung before the last has no server action", hint: "add `notify` to the rung before it"))
        }
        return steps
    }

    /// Messages come last, and one rung changes servers once: what happened is then known before anything else is done.
    private func checkOrder(_ name: ActionName, _ place: YAMLNode, after earlier: [YAMLNode], _ hasChange: Bool) {
        let isAfterNotify = earlier.last?.scalar?.text.utf8.elementsEqual(ActionName.notify.rawValue.utf8) ?? false
        if name.isServerChange, hasChange {
            report(
                place.diagnostic(
                    .badEscalation, "a rung has at most one server action",
                    hint: "put it on a rung of its own, under `escalation`"))
        } else if name.isServerChange, isAfterNotify {
            report(
                place.diagnostic(.badEscalation, "the server action comes after a message", hint: "put it before `notify`"))
        } else if name != .notify, isAfterNotify {
            report(place.diagnostic(.badEscalation, "`\(name.rawValue)` comes after a message", hint: "put it before `notify`"))
        }
    }
}

extension ActionName {
    /// Whether it is one of the steps of which a rung has at most one.
    var isServerChange: Bool {
        switch self {
        case .reboot, .start, .stop, .powerCycle, .scale, .create, .replace, .update, .delete: true
        case .list, .get, .notify, .request, .wait, .pause: false
        }
    }
}
