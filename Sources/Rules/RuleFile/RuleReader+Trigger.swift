import Model

/// `trigger`: a source's name, or a mapping that may name a command or a schedule.
extension RuleReader {
    func readTrigger(_ node: YAMLNode) -> Trigger? {
        guard node.isMapping || node.isSequence else {
            return readSource(node).map { Trigger(source: $0, kind: .event(statuses: [.problem])) }
        }
        guard let fields = RuleFields(node, RuleTables.trigger, collector) else { return nil }
        checkTogether(fields)
        if let schedule = fields["schedule"] {
            let timezone = readTimeZone(fields)
            return readSchedule(schedule, timezone).map { Trigger(source: Trigger.scheduleSource, kind: .schedule($0)) }
        }
        if let command = fields["command"] {
            let source = fields["source"].map { readSource($0) } ?? onlyChat(fields)
            let arguments = fields["args"].map { _ in readArguments(fields) } ?? []
            guard let command = readCommand(command, arguments) else { return nil }
            return source.map { Trigger(source: $0, kind: .command(command)) }
        }
        let statuses = readStatuses(fields)
        return fields.required("source").flatMap { readSource($0) }.map { Trigger(source: $0, kind: .event(statuses: statuses)) }
    }

    /// Keys that belong to one kind of trigger.
    private func checkTogether(_ fields: RuleFields) {
        if fields["command"] == nil, fields["args"] != nil {
            report(fields.place("args").diagnostic(.badCommand, "`args` needs a `command`"))
        }
        if fields["schedule"] == nil, fields["timezone"] != nil {
            report(fields.place("timezone").diagnostic(.badSchedule, "`timezone` needs a `schedule`"))
        }
        if fields["command"] != nil, fields["status"] != nil {
            report(fields.place("status").diagnostic(.badCommand, "a command has no `status`"))
        }
        guard fields["schedule"] != nil else { return }
        for key in ["source", "status", "command", "args"] where fields[key] != nil {
            report(fields.place(key).diagnostic(.badSchedule, "a schedule has no `\(key)`"))
        }
    }

    private func readStatuses(_ fields: RuleFields) -> Set<Event.Status> {
        guard let word = fields.choice("status"), !word.utf8.elementsEqual("problem".utf8) else { return [.problem] }
        return word.utf8.elementsEqual("any".utf8) ? [.problem, .resolved] : [.resolved]
    }

    // MARK: - Sources

    /// A configured source's name; else the one source of that kind.
    private func readSource(_ node: YAMLNode) -> String? {
        guard let name = node.string("the trigger's source", collector) else { return nil }
        guard let sources = surroundings.sources else { return resolved(name) }
        if sources.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return name }
        let known = sorted(sources)
        let ofKind = known.filter { surroundings.kinds[$0]?.rawValue.utf8.elementsEqual(name.utf8) ?? false }
        if ofKind.count == 1 { return ofKind[0] }
        if ofKind.count > 1 {
            report(
                node.diagnostic(
                    .unknownSource, "there are several sources of the kind `\(name)` in vpsbridge.yaml",
                    hint: "name one of " + ofKind.map { "`\($0)`" }.joined(separator: ", ")))
            return nil
        }
        let all = known.isEmpty ? "none is configured" : "configured: " + known.map { "`\($0)`" }.joined(separator: ", ")
        report(
            node.diagnostic(
                .unknownSource, "there is no source `\(name)` in vpsbridge.yaml",
                hint: Suggestion.hint(for: name, among: known) ?? all))
        return nil
    }

    /// The one source of a kind, where no name is checked.
    private func resolved(_ name: String) -> String {
        guard surroundings.kinds[name] == nil else { return name }
        let ofKind = surroundings.kinds.filter { $0.value.rawValue.utf8.elementsEqual(name.utf8) }
        return ofKind.count == 1 ? ofKind.first?.key ?? name : name
    }

    /// The source of a command that names none: the only chat that is configured.
    private func onlyChat(_ fields: RuleFields) -> String? {
        let chats = sorted(surroundings.sources ?? Set(surroundings.kinds.keys)).filter { surroundings.kinds[$0] == .slack }
        if chats.count == 1 { return chats[0] }
        // Rules that were in force once are read again when their chat may be gone: that must not lose the whole set.
        if surroundings.sources == nil { return "" }
        _ = fields.required(
            "source",
            hint: chats.isEmpty
                ? "name the chat: `source: slack`" : "name one of " + chats.map { "`\($0)`" }.joined(separator: ", "))
        return nil
    }

    private func sorted(_ names: Set<String>) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    // MARK: - Schedules

    private func readTimeZone(_ fields: RuleFields) -> String {
        guard let node = fields["timezone"], let name = node.string("`timezone`", collector) else { return "UTC" }
        if !zones.knows(name) {
            report(
                node.diagnostic(
                    .badSchedule, "there is no time zone `\(name)`", hint: "write it like `Europe/Berlin`, `+02:00` or `UTC`"))
        }
        return name
    }

    private func readSchedule(_ node: YAMLNode, _ timezone: String) -> CronSchedule? {
        guard let text = node.string("`schedule`", collector) else { return nil }
        do throws(CronSchedule.Problem) {
            let schedule = try CronSchedule(text, timezone: timezone)
            if !schedule.hasInstants {
                report(
                    node.diagnostic(.badSchedule, "`\(text)` never comes: no month has that day", hint: "look at day and month"))
            }
            return schedule
        } catch {
            report(node.diagnostic(.badSchedule, error.message, hint: "every day at ten in the evening: `0 22 * * *`"))
            return nil
        }
    }
}
