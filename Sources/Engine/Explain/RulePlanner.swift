package import Model
package import Rules
package import VPSAPI

/// Says what a rule would do first; pure, asks nobody.
package struct RulePlanner: Sendable {
    private let settings: EngineSettings
    private let resolver: ServerResolver
    private let fleet: [Server]?

    /// A planner.
    ///
    /// - Parameters:
    ///   - settings: what the configuration says.
    ///   - resolver: finds the server that a target names.
    ///   - fleet: the servers there are; `nil` when nobody was asked.
    package init(settings: EngineSettings, resolver: ServerResolver, fleet: [Server]?) {
        self.settings = settings
        self.resolver = resolver
        self.fleet = fleet
    }

    /// What the rule would do first for an event that it matches.
    package func plan(_ rule: Rule, event: Event) -> RulePlan {
        var context = EvaluationContext(event: event, args: CommandDesk.arguments(of: event, for: rule), fleet: fleet ?? [])
        let target = rule.hasTarget ? rendered { () throws(EvaluationFailure) in try rule.evaluateTarget(context) } : nil
        let destination = destination(target)
        if case .one(let server) = destination { context.server = server }
        let conditions = conditions(rule, context)
        let ends = end(rule, destination, conditions)
        let rung = ends == nil ? rule.rungs.first : nil
        let steps = StepPlanner(rule: rule, context: context, fleet: fleet)
        return RulePlan(
            targetExpression: rule.targetText, target: target, destination: destination, serverConditions: conditions,
            pendingConditions: context.server == nil ? rule.serverConditionCount : 0,
            waits: waits(rule, event: event), obstacles: ends.map { [$0] } ?? obstacles(rule, context.server),
            requests: rung.map { $0.steps.flatMap(steps.requests) } ?? [], messages: messages(rung, context),
            laterRungs: rung == nil ? 0 : rule.rungs.count - 1, timeout: rung?.timeout ?? .zero)
    }

    /// Why the run would end before its first request; `nil` when it would not.
    private func end(_ rule: Rule, _ destination: RulePlan.Destination, _ conditions: [ConditionExplanation]) -> String? {
        switch destination {
        case .none, .unknown: return nil
        case .unresolved: return rule.actsOnServer ? "without one server nothing is done: a dead letter" : nil
        case .one(let server):
            if settings.protected.contains(server) { return "\(server.name) (\(server.id)) is protected" }
            return conditions.contains { $0.verdict != .match } ? "when_server does not hold" : nil
        }
    }

    private func destination(_ target: RulePlan.Rendered?) -> RulePlan.Destination {
        guard let target else { return .none }
        guard case .text(let text) = target else { return .unresolved("the target has no value") }
        guard let fleet else { return .unknown }
        switch resolver.resolve(text, among: fleet) {
        case .one(let server): return .one(server)
        case .none: return .unresolved("no server is named so")
        case .several(let servers):
            return .unresolved(
                "\(servers.count) servers are named so: "
                    + servers.prefix(5).map { "\($0.name) (\($0.id))" }.joined(separator: ", "))
        }
    }

    private func conditions(_ rule: Rule, _ context: EvaluationContext) -> [ConditionExplanation] {
        if context.server != nil { return rule.explainServerConditions(context) }
        return []
    }

    private func waits(_ rule: Rule, event: Event) -> [String] {
        guard event.status == .problem else { return [] }
        var waits: [String] = []
        let settle = settings.limits.strictest(rule.limits).settle
        if let span = rule.waitFor, span > settle {
            waits.append("for \(span.words): the problem has to last that long, from its receipt")
        } else if settle > .zero {
            waits.append("settle \(settle.words), from the receipt of the problem")
        }
        return waits
    }

    private func obstacles(_ rule: Rule, _ server: Server?) -> [String] {
        guard rule.isChanging else { return [] }
        var found: [String] = []
        if let server, server.status.isTransitional { found.append("the server is \(server.status): waits until it is not") }
        if rule.autonomy == .auto, rule.deletesTarget {
            found.append("server.delete, so a person has to approve first, save for servers that the bridge created")
        }
        if rule.autonomy == .approve {
            found.append(
                "autonomy: approve, so \(rule.approval.required) \(rule.approval.required == 1 ? "person has" : "people have") to approve first"
            )
        }
        if rule.autonomy == .observe { found.append("autonomy: observe, so it only says what it would do") }
        if !settings.live { found.append("live: false, so nothing is sent") }
        return found
    }

    private func messages(_ rung: Rung?, _ context: EvaluationContext) -> [RulePlan.Message] {
        (rung?.notifications ?? []).map { step in
            RulePlan.Message(
                channel: step.channel, text: rendered { () throws(EvaluationFailure) in try step.text.renderText(context) })
        }
    }

    private func rendered(_ make: () throws(EvaluationFailure) -> String) -> RulePlan.Rendered {
        do throws(EvaluationFailure) {
            return .text(try make())
        } catch {
            return .failed(error.message)
        }
    }
}
