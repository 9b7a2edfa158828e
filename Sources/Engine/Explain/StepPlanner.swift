import JSON
import Model
import Rules
import VPSAPI

/// Says which requests a step would send; pure, asks nobody, shows no secret.
struct StepPlanner {
    let rule: Rule
    let context: EvaluationContext
    /// The servers there are; `nil` when nobody was asked.
    let fleet: [Server]?

    /// The requests of a step in their order; none for a message.
    func requests(_ step: Step) -> [RulePlan.Request] {
        let found: [RulePlan.Request] =
            switch step.action {
            case .server(let action): requests(action)
            case .read(let read): [self.request(read)]
            case .create(let create): [self.request(create)]
            case .fields(let fields): [self.request(fields)]
            case .delete:
                [
                    RulePlan.Request(
                        line: Operation.delete.requestLine(server: target), details: ["only under the name that it has now"])
                ]
            case .scale(let scale): requests(scale)
            case .httpRequest(let request): [self.request(request)]
            case .pause, .notify, .wait: []
            }
        guard !found.isEmpty, let condition = condition(step) else { return found }
        return found.map { RulePlan.Request(line: $0.line, after: $0.after, details: [condition] + $0.details) }
    }

    /// What `if` says; earlier steps have no outcome here, so it is judged only where it can be.
    private func condition(_ step: Step) -> String? {
        guard let condition = step.condition else { return nil }
        switch condition.judge(context).verdict {
        case .match: return "if \(condition.text): true"
        case .noMatch: return "if \(condition.text): false, so it is left out"
        case .missing, .error: return "if \(condition.text): not known before earlier steps are done"
        }
    }

    private var target: String { context.server?.id.description ?? "{server}" }

    private func request(_ read: ServerRead) -> RulePlan.Request {
        switch read {
        case .get: RulePlan.Request(line: Operation.get.requestLine(server: target))
        case .list: RulePlan.Request(line: Operation.list.requestLine(server: ""))
        }
    }

    private func request(_ create: ServerCreate) -> RulePlan.Request {
        var context = context
        context.slot = 1
        let line = Operation.create.requestLine(server: "")
        do throws(EvaluationFailure) {
            return RulePlan.Request(
                line: line, details: [try create.template.render(context).description, "`slot` is the lowest free number"])
        } catch {
            return RulePlan.Request(line: line, details: ["not known: \(error.message)"])
        }
    }

    private func request(_ fields: ServerFields) -> RulePlan.Request {
        let line = (fields.replaces ? Operation.replace : .update).requestLine(server: target)
        do throws(EvaluationFailure) {
            return RulePlan.Request(line: line, details: [try fields.render(context).description])
        } catch {
            return RulePlan.Request(line: line, details: ["not known: \(error.message)"])
        }
    }

    private func requests(_ action: ServerAction) -> [RulePlan.Request] {
        let line = { (operation: Operation) in operation.requestLine(server: target) }
        switch action {
        case .reboot: return [RulePlan.Request(line: line(.reboot))]
        case .start: return [RulePlan.Request(line: line(.start))]
        case .stop: return [RulePlan.Request(line: line(.stop))]
        case .powerCycle:
            return [
                RulePlan.Request(line: line(.stop)), RulePlan.Request(line: line(.start), after: "the server is stopped"),
            ]
        }
    }

    /// A set is changed by one request for each server, within its bounds.
    private func requests(_ scale: FleetScale) -> [RulePlan.Request] {
        let bounds =
            "the set has \(scale.min) to \(scale.max) servers, and \(abs(scale.delta)) at a time \(scale.delta > 0 ? "more" : "fewer")"
        let operation: Operation = scale.delta > 0 ? .create : .delete
        guard let fleet, let selection = rule.fleet else {
            return [
                RulePlan.Request(
                    line: operation.requestLine(server: "{victim}"), details: [bounds, "the servers are not known here"])
            ]
        }
        do throws(EvaluationFailure) {
            let members = try selection.servers(of: fleet, context)
            let count =
                scale.delta > 0 ? min(scale.delta, scale.max - members.count) : min(-scale.delta, members.count - scale.min)
            guard count > 0 else { return [] }
            let present = "\(bounds); it has \(members.count) now"
            if scale.delta > 0 {
                return Array(
                    repeating: RulePlan.Request(line: operation.requestLine(server: ""), details: [present]), count: count)
            }
            var rest = members
            var requests: [RulePlan.Request] = []
            while requests.count < count, let victim = try scale.chooseVictim(among: rest, context) {
                rest.removeAll { $0.id == victim.id }
                requests.append(
                    RulePlan.Request(
                        line: operation.requestLine(server: victim.id.description), details: ["\(victim.name); \(present)"]))
            }
            return requests
        } catch {
            return [
                RulePlan.Request(
                    line: operation.requestLine(server: "{victim}"), details: [bounds, "not known: \(error.message)"])
            ]
        }
    }

    private func request(_ step: HTTPRequestStep) -> RulePlan.Request {
        // What is shown has a mask in their place; they are only not to be missing.
        let masks = Dictionary(step.secretNames.map { ($0, Secret(RenderedText.mask)) }) { first, _ in first }
        do throws(EvaluationFailure) {
            let rendered = try step.render(context, secrets: masks)
            let headers = rendered.headers.map { "\($0.name): \($0.value.shown)" }
            return RulePlan.Request(
                line: "\(rendered.method) \(rendered.url)", details: headers + (rendered.body.map { [$0.shown] } ?? []))
        } catch {
            return RulePlan.Request(line: "\(step.method) (its address or body can not be told)", details: [error.message])
        }
    }
}
