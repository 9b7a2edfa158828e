import JSON
import Model
import Rules
import Store
import VPSAPI

/// `server.create`: one server on the lane of the rule's group, by the protocol of every create.
extension RunMachine {
    /// The server to create, or the end of the step.
    mutating func createStep(_ create: ServerCreate, rule: Rule, checksCooldown: Bool, now: Timestamp) -> RunEffect {
        let progress = run.progress.scale ?? ScaleProgress(before: 0, desired: 1)
        if let made = progress.done.first {
            let detail = "created \(made.name) (\(made.id))"
            // In place of a server that is ill: whether that helped is watched, as after any other rung.
            if rule.hasTarget, hasProblem, run.rung < rule.rungs.count - 1 { return applied(nil, detail, rule: rule, now: now) }
            return conclude(.succeeded, .effective, detail, now: now)
        }
        guard hasFreshInventory else {
            // A name that is taken since the list was read would be bought twice.
            hasFreshInventory = true
            awaitsList = true
            return .readInventory(maxAge: .zero)
        }
        return createNext(create, progress, rule: rule, checksCooldown: checksCooldown, now: now)
    }

    /// The list that a create waited for in the middle of a claim.
    mutating func listRead(_ answer: Result<InventorySnapshot, APIError>, rule: Rule, now: Timestamp) -> RunEffect {
        awaitsList = false
        switch answer {
        case .success(let snapshot):
            fleet = snapshot.servers
            return takeStep(rule: rule, checksCooldown: !isCommand && !run.state.holdsLane, now: now)
        case .failure(let error):
            // Nothing of the step was begun: it is come to again.
            if !run.state.holdsLane { return holdBlind(error, now: now) }
            return backToStep(nil, error: error, now: now)
        }
    }

    /// Keeps a created server for later steps, as it was read last; `fleet.scale` gives its own account.
    mutating func keepCreated(_ server: Server) {
        guard let rung, rung.create != nil, let index = rung.changingIndex else { return }
        keep(JSONOutput(id: rung.steps[index].id, value: ["ok": true, "server": server.shown]))
    }

    /// What a create is checked against, and costs.
    func purchase(_ request: IntentRequest, rule: Rule) -> PurchaseCheck {
        PurchaseCheck(
            plan: request.body?["plan_id"]?.intValue, name: request.name ?? "", caps: settings.limits.creates,
            ruleCaps: rule.limits.creates, prices: settings.limits.prices)
    }

    /// What is bought, for people: `web-3 (plan 2, 5.00 EUR a month, us-west)`.
    func words(_ create: ServerCreate) -> String {
        guard let next = try? nextRequest(create, done: []), let body = next.request?.body else { return "a new server" }
        let plan = body["plan_id"]?.intValue
        let price =
            plan.flatMap { settings.limits.prices.plans[$0] }.map { ", \(settings.limits.prices.words($0)) a month" } ?? ""
        return "\(next.name) (plan \(plan ?? 0)\(price), \(body["location"]?.stringValue ?? ""))"
    }
}
