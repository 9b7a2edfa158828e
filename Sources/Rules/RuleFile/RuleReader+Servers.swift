import Model

/// `server.list`, `server.create`, `server.replace` and `server.update`.
extension RuleReader {
    func readList(_ with: RuleFields, _ scopes: RuleScopes) -> ServerRead {
        .list(
            status: with["status"].flatMap { readTemplate($0, "`status`", scopes.template) },
            location: with["location"].flatMap { readTemplate($0, "`location`", scopes.template) })
    }

    func readCreate(_ with: RuleFields, _ options: StepOptions, _ scopes: RuleScopes) -> ServerCreate? {
        readServerTemplate(with, nameFor: nil, scopes.creating).map {
            ServerCreate(template: $0, waitFor: options.waitFor ?? FleetScale.defaultWait)
        }
    }

    func readServerFields(_ name: ActionName, _ with: RuleFields, _ scopes: RuleScopes) -> ServerFields? {
        var members: [(name: String, value: ValueTemplate.Node)] = []
        for key in with.table.keys {
            guard let node = key.isRequired ? with.required(key.name) : with[key.name] else { continue }
            let value = readValue(node, "`\(key.name)`", scopes.template)
            checkTemplateValue(key, value, node)
            if key.name.utf8.elementsEqual("name".utf8) { checkNameParts(value, node) }
            members.append((key.name, value))
        }
        if members.isEmpty {
            report(
                with.node.diagnosticAtStart(
                    .badStep, "`\(name.rawValue)` changes nothing", hint: "give `name`, `hostname` or `backups_enabled`"))
            return nil
        }
        return ServerFields(replaces: name == .replace, body: ValueTemplate(root: .map(members)))
    }

    /// A money cap needs the price of whatever may be created.
    func checkPrices(_ rungs: [Rung], _ limits: Limits, _ fields: RuleFields) {
        guard limits.creates.maxCostPerMonth != nil || floor.creates.maxCostPerMonth != nil else { return }
        for template in rungs.flatMap(\.templates) {
            let node = fields.key("limits") ?? fields.key("escalation") ?? fields.key("actions") ?? fields.node
            if let plan = template.plan, floor.prices.plans[plan] == nil {
                report(
                    node.diagnostic(
                        .missingPrice, "what \(owner) creates may cost only so much, and plan \(plan) has no price",
                        hint: "write `prices: {currency: EUR, plans: {\(plan): 5.00}}` in vpsbridge.yaml"))
            } else if template.plan == nil, floor.prices.plans.isEmpty {
                report(
                    node.diagnostic(
                        .missingPrice, "what \(owner) creates may cost only so much, and no plan has a price",
                        hint: "write `prices: {currency: EUR, plans: {2: 5.00}}` in vpsbridge.yaml"))
            }
        }
    }
}
