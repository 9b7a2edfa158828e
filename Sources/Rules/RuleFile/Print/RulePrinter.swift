import Model

extension RuleSet {
    /// All rules as one rule file with every short form expanded, every default and floor filled in, and `vars` of the file
    /// beside each rule; under the same floor it loads again to the same rules.
    package func effectiveForm() -> String {
        var lines = ["version: 1"]
        guard !rules.isEmpty else { return "version: 1\nrules: []\n" }
        lines.append("rules:")
        for rule in rules {
            let place = String(String.UnicodeScalarView(rule.file.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
            lines.append("  # \(place):\(rule.line)")
            lines += YAMLText.list([RulePrinter(rule: rule).text]).lines(indent: 2)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// One rule in its effective form.
struct RulePrinter {
    typealias Entries = [(key: String, value: YAMLText)]

    let rule: Rule

    var text: YAMLText {
        var entries: Entries = [("name", .text(rule.name))]
        if let description = rule.description { entries.append(("description", .text(description))) }
        entries.append(("enabled", .bool(rule.isEnabled)))
        if case .map(let vars) = rule.vars, vars.count > 0 { entries.append(("vars", Self.text(rule.vars))) }
        entries.append(("trigger", trigger))
        if !rule.when.isEmpty { entries.append(("when", conditions(rule.when))) }
        if let wait = rule.waitFor { entries.append(("for", .span(wait))) }
        entries += servers
        if !rule.whenServer.isEmpty { entries.append(("when_server", conditions(rule.whenServer))) }
        if let probe = rule.probe { entries.append(("probe", Self.text(probe))) }
        entries += [("healthy_delay", .span(rule.healthyDelay)), ("limits", limits)]
        entries.append(("autonomy", .text(rule.autonomy.rawValue)))
        if rule.autonomy != .auto { entries.append(("approval", approval)) }
        entries.append(("escalation", .list(rule.rungs.map { StepPrinter.text($0) })))
        if let permissions = rule.permissions { entries.append(("permissions", Self.text(permissions))) }
        let replies = [("accepted", rule.replies.accepted), ("skipped", rule.replies.skipped), ("failed", rule.replies.failed)]
            .compactMap { key, text in text.map { (key: key, value: YAMLText.text($0.source)) } }
        if !replies.isEmpty { entries.append(("reply", .mapping(replies))) }
        return .mapping(entries)
    }

    private var servers: Entries {
        var entries: Entries = []
        if let target = rule.target { entries.append(("target", .text(target.trimmedText))) }
        if let group = rule.groupBy { entries.append(("group_by", .text(group.text))) }
        if let fleet = rule.fleet {
            var own: Entries = [("select", .text(fleet.select.text))]
            if fleet.deletesCreated { own.append(("delete", .text("bridge-created"))) }
            entries.append(("fleet", .mapping(own)))
        }
        if let repeating = rule.whileFiring {
            entries.append(("while_firing", .mapping([("every", .span(repeating.every)), ("max", .int(repeating.max))])))
        }
        if rule.startsStopped { entries.append(("start_stopped", .bool(true))) }
        return entries
    }

    private func conditions(_ list: [CELExpression]) -> YAMLText { .texts(list.map(\.trimmedText)) }

    // MARK: - Trigger

    private var trigger: YAMLText {
        switch rule.trigger.kind {
        case .event(let statuses):
            let status = statuses.count > 1 ? "any" : statuses.first?.rawValue ?? "problem"
            return .mapping([("source", .text(rule.trigger.source)), ("status", .text(status))])
        case .command(let command):
            return .mapping([
                ("source", .text(rule.trigger.source)),
                ("command", .text(([command.name] + command.words).joined(separator: " "))),
                ("args", .list(command.arguments.map { argument($0) })),
            ])
        case .schedule(let schedule):
            return .mapping([("schedule", .text(schedule.text)), ("timezone", .text(schedule.timezone))])
        }
    }

    private func argument(_ argument: CommandArgument) -> YAMLText {
        var entries: Entries = [
            ("name", .text(argument.name)), ("type", .text(argument.type.rawValue)), ("required", .bool(argument.isRequired)),
        ]
        if let value = argument.defaultValue { entries.append(("default", Self.text(value))) }
        if argument.type == .string { entries.append(("max_length", .int(argument.maxLength))) }
        if let pattern = argument.pattern { entries.append(("pattern", .text(pattern.source))) }
        return .mapping(entries)
    }

    // MARK: - Limits and people

    private var limits: YAMLText {
        let limits = rule.limits
        var entries: Entries = []
        func add(_ key: String, _ span: Duration) {
            if RuleTables.anySpan.contains(span) { entries.append((key, .span(span))) }
        }
        add("cooldown", limits.cooldown)
        let budgets = limits.budgets.map { YAMLText.mapping([("max", .int($0.max)), ("per", .span($0.per))]) }
        entries.append(("budgets", .list(budgets)))
        if let count = limits.maxConcurrent { entries.append(("max_concurrent", .int(count))) }
        if let share = rule.maxUnhealthy { entries.append(("max_unhealthy", .plain(share.text))) }
        if !rule.after.isEmpty {
            let sorted = rule.after.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            entries.append(("after", .mapping(sorted.map { ($0.key, .span($0.value)) })))
        }
        add("max_event_age", limits.maxEventAge)
        add("settle", limits.settle)
        if limits.creates != CreateCaps() { entries.append(("creates", creates)) }
        if let key = rule.limitKey { entries.append(("key", .text(key.text))) }
        return .mapping(entries)
    }

    private var creates: YAMLText {
        let caps = rule.limits.creates
        var entries: Entries = []
        if let count = caps.maxPerDay { entries.append(("max_per_day", .int(count))) }
        if let count = caps.maxPerMonth { entries.append(("max_per_month", .int(count))) }
        if let amount = caps.maxCostPerMonth { entries.append(("max_cost_per_month", .plain(amount.text))) }
        return .mapping(entries)
    }

    private var approval: YAMLText {
        let approval = rule.approval
        var entries: Entries = []
        let approvers = Self.people(approval.approvers.users, approval.approvers.groups)
        if !approvers.isEmpty { entries.append(("approvers", .mapping(approvers))) }
        entries += [
            ("required", .int(approval.required)), ("self_approval", .bool(approval.allowsSelfApproval)),
            ("timeout", .span(approval.timeout)),
        ]
        if let via = approval.via { entries.append(("via", .text(via))) }
        if let message = approval.message { entries.append(("message", .text(message.source))) }
        return .mapping(entries)
    }

    private static func text(_ permissions: Permissions) -> YAMLText {
        var entries = people(permissions.users, permissions.groups)
        if !permissions.channels.isEmpty { entries.append(("channels", sorted(permissions.channels))) }
        return .mapping(entries)
    }

    private static func people(_ users: Set<String>, _ groups: [String]) -> Entries {
        var entries: Entries = []
        if !users.isEmpty { entries.append(("users", sorted(users))) }
        if !groups.isEmpty { entries.append(("groups", .texts(groups))) }
        return entries
    }

    private static func sorted(_ names: Set<String>) -> YAMLText {
        .texts(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    // MARK: - Values

    private static func text(_ probe: Probe) -> YAMLText {
        switch probe {
        case .tcp(let port): .mapping([("tcp", .int(port))])
        case .http(let scheme, let port, let path):
            .mapping([("http", .mapping([("scheme", .text(scheme)), ("port", .int(port)), ("path", .text(path))]))])
        }
    }

    /// A plain value of `vars` or of a default; other types never stand there.
    static func text(_ value: CELValue) -> YAMLText {
        switch value {
        case .bool(let flag): .bool(flag)
        case .int(let number): .plain(String(number))
        case .double(let number): .plain(text(number))
        case .string(let text): .text(text)
        case .list(let items): .list(items.map { text($0) })
        case .map(let map):
            .mapping(
                map.entries.compactMap { entry in
                    guard case .string(let name) = entry.key else { return nil }
                    return (name, text(entry.value))
                })
        default: .plain("null")
        }
    }

    static func text(_ number: Double) -> String {
        if number.isNaN { return ".nan" }
        return number.isInfinite ? (number < 0 ? "-.inf" : ".inf") : "\(number)"
    }
}
