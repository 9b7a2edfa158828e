/// `permissions`, `reply` and `approval`: who may, who is asked, and what is said.
extension RuleReader {
    func readPermissions(_ fields: RuleFields) -> Permissions? {
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
            report(fields.place("permissions").diagnostic(.badPermissions, "only a rule with a command has `permissions`"))
            return nil
        }
        guard let lists = RuleFields(node, RuleTables.permissions, collector) else { return nil }
        let groups = readIDs(lists, "groups", .badPermissions)
        let users = readIDs(lists, "users", .badPermissions) + people(of: groups, lists, .badPermissions)
        let channels = readIDs(lists, "channels", .badPermissions)
        if lists["users"] == nil && lists["channels"] == nil && lists["groups"] == nil {
            report(
                node.diagnosticAtStart(
                    .badPermissions, "`permissions` allows nobody", hint: "give `users`, `channels` or both"))
        }
        return Permissions(
            users: Set(users), channels: Set(channels), groups: groups)
    }

    private func readIDs(_ lists: RuleFields, _ key: String, _ code: DiagnosticCode) -> [String] {
        guard let list = lists[key] else { return [] }
        if case .sequence(let items) = list.content, items.isEmpty {
            let hint = code == .badPermissions ? "leave the key out to allow all \(key)" : "name at least one"
            report(list.diagnostic(code, "`\(key)` is empty", hint: hint))
        }
        return (lists.items(key) ?? []).compactMap { $0.identifier("an element of `\(key)`", collector) }
    }

    /// The people of the named groups of vpsbridge.yaml.
    private func people(of names: [String], _ lists: RuleFields, _ code: DiagnosticCode) -> [String] {
        guard let list = lists["groups"], let groups = surroundings.groups else { return [] }
        return names.flatMap { name -> [String] in
            if let group = groups.first(where: { $0.key.utf8.elementsEqual(name.utf8) }) { return group.value }
            let known = groups.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let all = known.isEmpty ? "none is configured" : "configured: " + known.map { "`\($0)`" }.joined(separator: ", ")
            report(
                list.diagnosticAtStart(
                    code, "there is no group `\(name)` in vpsbridge.yaml",
                    hint: Suggestion.hint(for: name, among: known) ?? "\(all); write `people: {groups: {\(name): [U012ABCDEF]}}`")
            )
            return []
        }
    }

    func readReplies(_ fields: RuleFields, _ scopes: RuleScopes) -> Replies {
        guard let node = fields["reply"] else { return Replies() }
        guard isCommand(fields) else {
            report(fields.place("reply").diagnostic(.badCommand, "only a rule with a command has a `reply`"))
            return Replies()
        }
        guard node.isMapping else { return Replies(accepted: readTemplate(node, "`reply`", scopes.reply)) }
        guard let own = RuleFields(node, RuleTables.reply, collector) else { return Replies() }
        return Replies(
            accepted: own["accepted"].flatMap { readTemplate($0, "`accepted`", scopes.reply) },
            skipped: own["skipped"].flatMap { readTemplate($0, "`skipped`", scopes.template) },
            failed: own["failed"].flatMap { readTemplate($0, "`failed`", scopes.template) })
    }

    // MARK: - Approval

    /// Who decides where the rule does not say: people are asked before anything is changed, unless one of those whom the rule
    /// permits to typed the command, and the rule names nobody else to agree.
    func standardAutonomy(_ rungs: [Rung], _ fields: RuleFields) -> Autonomy {
        if rungs.allSatisfy(\.onlyReads) { return .auto }
        // What is gone is gone: even a person's word needs a second one.
        if rungs.contains(where: \.deletesTarget) { return .approve }
        return isCommand(fields) && fields["approval"] == nil ? .auto : .approve
    }

    func readApproval(_ fields: RuleFields, _ autonomy: Autonomy?, _ scopes: RuleScopes) -> Approval {
        guard let node = fields["approval"], let own = RuleFields(node, RuleTables.approval, collector) else { return .standard }
        if autonomy == .auto {
            report(
                fields.place("approval").diagnostic(
                    .badApproval, "\(owner) acts by itself: nobody would be asked for an approval",
                    hint: "write `autonomy: approve`, or take `approval` away"))
        }
        let (users, groups) = readApprovers(own)
        let required = own.int("required") ?? Approval.standard.required
        // Groups of another time may not be known any more; nobody in the chat can answer then.
        let isKnown = groups.allSatisfy { surroundings.groups?[$0] != nil }
        if !users.isEmpty || !groups.isEmpty, isKnown, required > Set(users).count {
            report(
                own.place("required").diagnostic(
                    .badApproval, "\(required) people have to approve, and only \(Set(users).count) may",
                    hint: "name more `approvers`, or lower `required`"))
        }
        return Approval(
            approvers: Approval.Approvers(users: Set(users), groups: groups), required: required,
            allowsSelfApproval: own.bool("self_approval") ?? Approval.standard.allowsSelfApproval,
            timeout: own.span("timeout") ?? Approval.defaultTimeout, via: readChannel(own, "via"),
            message: own["message"].flatMap { readTemplate($0, "`message`", scopes.template) })
    }

    private func readApprovers(_ approval: RuleFields) -> (users: [String], groups: [String]) {
        guard let node = approval["approvers"] else { return ([], []) }
        if node.isSequence { return (readIDs(approval, "approvers", .badApproval), []) }
        guard let own = RuleFields(node, RuleTables.approvers, collector) else { return ([], []) }
        if own["users"] == nil && own["groups"] == nil {
            report(node.diagnosticAtStart(.badApproval, "`approvers` names nobody", hint: "write `approvers: [U012ABCDEF]`"))
        }
        let groups = readIDs(own, "groups", .badApproval)
        return (readIDs(own, "users", .badApproval) + people(of: groups, own, .badApproval), groups)
    }

    /// The name of a channel of vpsbridge.yaml.
    func readChannel(_ fields: RuleFields, _ key: String) -> String? {
        guard let node = fields[key], let channel = node.string("`\(key)`", collector) else { return nil }
        guard !Array(channel.utf8).windowsContain("${{") else {
            report(node.diagnostic(.badTemplate, "`\(key)` is a name from vpsbridge.yaml, not a template"))
            return nil
        }
        return channel
    }
}
