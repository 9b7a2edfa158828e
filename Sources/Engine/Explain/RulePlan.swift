package import Model
package import Rules
package import VPSAPI

/// What a rule that matched would do first, as far as that can be told without asking VPS.org.
package struct RulePlan: Sendable {
    /// A text that was made, or why it could not be.
    package enum Rendered: Sendable, Hashable {
        case text(String)
        case failed(String)
    }

    /// Which server the target names.
    package enum Destination: Sendable, Hashable {
        /// The rule names none.
        case none
        /// The servers are not known here.
        case unknown
        case one(Server)
        /// No server, or several: a dead letter.
        case unresolved(String)
    }

    /// One request to VPS.org.
    package struct Request: Sendable, Hashable {
        /// Method and path; `{server}` where the id is not known.
        package let line: String
        /// What is waited for before it; `nil` for the first.
        package let after: String?
    }

    /// One message to people.
    package struct Message: Sendable, Hashable {
        package let channel: String
        package let text: Rendered
    }

    /// What `target` says, as it stands in the file; `nil` without one.
    package let targetExpression: String?
    /// The text that names the server.
    package let target: Rendered?
    /// The server of that text.
    package let destination: Destination
    /// The conditions of `when_server`; evaluated only when the server is known.
    package let serverConditions: [ConditionExplanation]
    /// What stands between the match and the first request, in its order.
    package let waits: [String]
    /// Why nothing would be sent, a reason each; empty when nothing speaks against it.
    package let obstacles: [String]
    /// The requests of the first rung, in their order.
    package let requests: [Request]
    /// The messages of the first rung, in their order.
    package let messages: [Message]
    /// How many rungs come after the first, and how long its effect is waited for.
    package let laterRungs: Int
    package let timeout: Duration
}

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
        let rung = rule.rungs.first
        return RulePlan(
            targetExpression: rule.targetText, target: target, destination: destination,
            serverConditions: conditions(rule, context), waits: waits(rule, event: event),
            obstacles: obstacles(rule, context.server), requests: requests(rung, context.server),
            messages: messages(rung, context), laterRungs: max(0, rule.rungs.count - 1), timeout: rung?.timeout ?? .zero)
    }

    private func destination(_ target: RulePlan.Rendered?) -> RulePlan.Destination {
        guard let target else { return .none }
        guard case .text(let text) = target else { return .unresolved("without a target there is no server") }
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
        return rule.serverConditionTexts.map {
            ConditionExplanation(expression: $0, verdict: .missing("server"), observations: [])
        }
    }

    private func waits(_ rule: Rule, event: Event) -> [String] {
        guard event.command == nil else { return [] }
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
        guard rule.actsOnServer else { return [] }
        var found: [String] = []
        if let server {
            if settings.protected.contains(server) { found.append("\(server.name) (\(server.id)) is protected") }
            if server.status.isTransitional { found.append("the server is \(server.status): waits until it is not") }
        }
        if rule.autonomy == .observe { found.append("autonomy: observe, so it only says what it would do") }
        if !settings.live { found.append("live: false, so nothing is sent") }
        return found
    }

    private func requests(_ rung: Rung?, _ server: Server?) -> [RulePlan.Request] {
        guard let action = rung?.action else { return [] }
        let id = server?.id.description ?? "{server}"
        switch action {
        case .reboot: return [RulePlan.Request(line: Operation.reboot.requestLine(server: id), after: nil)]
        case .start: return [RulePlan.Request(line: Operation.start.requestLine(server: id), after: nil)]
        case .stop: return [RulePlan.Request(line: Operation.stop.requestLine(server: id), after: nil)]
        case .powerCycle:
            return [
                RulePlan.Request(line: Operation.stop.requestLine(server: id), after: nil),
                RulePlan.Request(line: Operation.start.requestLine(server: id), after: "the server is stopped"),
            ]
        }
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
