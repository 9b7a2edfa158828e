import Model
import Rules
import Store
import VPSAPI

/// Asking people before a run's first request: `autonomy: approve`.
///
/// People are asked when nothing else is in the way, and what they approve is the whole run as the message shows it, later rungs included.
/// Afterwards everything is judged once more: an approval lifts no guard.
extension RunMachine {
    /// Whether people have to be asked, or to be asked again since what they approved took too long to begin.
    func lacksApproval(rule: Rule, now: Timestamp) -> Bool {
        // A run that has begun goes on under the approval that it began with.
        guard asksPeople(rule), !run.state.holdsLane else { return false }
        return approval?.goodUntil.map { now >= $0 } ?? true
    }

    /// Since when a command waits for the bridge rather than for people; what `max_event_age` of a command counts from.
    func waitsSince(_ event: Event) -> Timestamp {
        var asked = min(run.createdAt, event.receivedAt)
        // An instant is as old as it is, whenever the bridge came to it; a step that waits is no delay.
        if event.status == .schedule, let instant = event.startsAt { asked = min(asked, instant) }
        if let until = run.progress.waitUntil { asked = max(asked, until) }
        guard let approval, approval.state == .approved, let decidedAt = approval.decidedAt else { return asked }
        return max(asked, decidedAt)
    }

    // MARK: Asking

    /// Asks, if the guards would let the run begin now; refused by one of them, the run is held like any other.
    ///
    /// `server` is what the run is about; `nil` for a rule that scales a group or only sends requests.
    mutating func ask(_ server: Server?, rule: Rule, now: Timestamp) -> RunEffect {
        let request = ApprovalRequest(
            id: offer.id, run: run.id, rule: run.rule, revision: run.revision, action: plan(of: rule), server: server?.id,
            serverName: server?.name, serverStatus: server?.status,
            approvers: rule.approval.approvers.users.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) },
            required: rule.approval.required, allowsSelfApproval: rule.approval.allowsSelfApproval,
            requestedBy: isCommand ? actor : nil,
            channel: rule.approval.via ?? firstChannel(of: rule) ?? settings.approvalChannel, createdAt: now,
            expiresAt: now + rule.approval.timeout)
        var next = run
        next.state = .approval
        next.reason = .needsApproval
        next.detail = "waits for approval \(request.id) until \(request.expiresAt.rfc3339)"
        next.dueAt = request.expiresAt
        next.attempts = 0
        opening = next
        var messages = answers("Waits for approval \(request.id): \(request.action).")
        if let channel = request.channel {
            messages += MessagePolicy.notices(.approval, question(request, rule: rule), channels: [channel], run: run.id)
        }
        var guards = firstGuards(rule: rule, checksCooldown: !isCommand)
        if let rung, let create = rung.create ?? rung.scale?.create,
            let next = (try? nextRequest(create, done: []))?.request
        {
            guards.purchase = purchase(next, rule: rule)
        }
        return .commit(
            RunTransition(
                now: now, run: next, approval: .ask(request, guards: guards),
                audit: [entry(.approval, .needsApproval, "asked as \(request.id): \(request.action)", now: now)],
                messages: messages, releasesLease: true))
    }

    /// What will be done, in full: what is not named here is not approved.
    private func plan(of rule: Rule) -> String {
        var text = ""
        for (index, rung) in rule.rungs.enumerated() where index >= run.rung {
            let steps = rung.isChanging ? rung.steps.filter(\.isChanging) : rung.steps
            let named = steps.map(shown).joined(separator: " and ")
            if index == run.rung {
                text = run.server == nil ? "\(named) for \(run.lane?.rawValue ?? run.rule)" : "\(named) of \(serverLabel)"
            } else {
                text += "; if that does not help within \(rule.rungs[index - 1].timeout.words): \(named)"
            }
        }
        return String(text.prefix(1_000))
    }

    private func firstChannel(of rule: Rule) -> String? {
        rule.rungs.lazy.compactMap { $0.notifications.first?.channel }.first
    }

    /// The message that asks: the rule's own words or ours, and always what exactly is approved and how.
    private func question(_ request: ApprovalRequest, rule: Rule) -> String {
        var lines: [String] = []
        if let message = rule.approval.message, let context {
            do throws(EvaluationFailure) {
                lines.append(String(try message.renderText(context).prefix(1_000)))
            } catch {
                lines.append("(The rule's own message could not be written: \(error.message).)")
            }
        }
        let dry = settings.live ? "" : " The bridge is not live: nothing will be sent."
        lines.append("Approval \(request.id) is needed: \(request.action).\(dry)")
        lines.append("Rule \(request.rule), because \(because).")
        if request.server != nil { lines.append("\(serverLabel) is \(request.serverStatus?.rawValue ?? "unknown").") }
        let people = request.approvers.isEmpty ? "" : " of \(request.approvers.joined(separator: ", "))"
        let some = request.required == 1 ? "One" : "\(request.required)"
        if request.required > 1 || !people.isEmpty { lines.append("\(some)\(people) must approve.") }
        var ways = ["vpsbridge approvals approve \(request.id)"]
        if let command = offer.command, !request.approvers.isEmpty { ways.insert("/\(command) approve \(request.id)", at: 0) }
        lines.append(
            "To approve: \(ways.joined(separator: " or ")). To refuse, the same with deny. No answer until "
                + "\(request.expiresAt.rfc3339) is a no.")
        return lines.joined(separator: "\n")
    }

    private var because: String {
        guard let event else { return "of an event that is gone" }
        if let command = event.command {
            return "\(actor) asked for it: /\(command.name) \(String(command.text.prefix(200)))"
        }
        if event.status == .schedule, let instant = event.startsAt {
            return
                "of its schedule `\(event.labels["schedule"] ?? "")` (\(event.labels["timezone"] ?? "UTC")), at \(instant.rfc3339)"
        }
        let summary = event.annotations["summary"].map { ": \(String($0.prefix(300)))" } ?? ""
        let verb = event.status == .resolved ? "reports the end of" : "reports"
        return "\(event.source) \(verb) \(String((event.labels["alertname"] ?? event.fingerprint).prefix(100)))\(summary)"
    }

    /// A step for people: what is not named is not approved.
    private func shown(_ step: Step) -> String {
        switch step.action {
        case .server, .read, .delete: step.name
        case .create(let create): "\(step.name) \(words(create))"
        case .fields(let fields): "\(step.name)\(words(fields))"
        case .scale(let scale):
            "fleet.scale by \(scale.delta) (\(scale.min) to \(scale.max))\(scale.create.map { ", \(words($0))" } ?? "")"
        case .httpRequest(let request): "\(request.method) to \(request.url.origin)"
        case .wait(let span): "a wait of \(span.words)"
        case .pause(let pause): "pause \(pause.scope.words)"
        case .notify(let message): "a message to \(message.channel)"
        }
    }

    // MARK: Waiting

    /// A run in state `approval` looks what became of its question; `nil` when there is none that counts and it is judged anew.
    mutating func awaitApproval(rule: Rule, now: Timestamp) -> RunEffect? {
        guard let approval, approval.state != .void else {
            run.state = .ready
            return nil
        }
        switch approval.state {
        case .open where now < approval.expiresAt:
            return wait(until: approval.expiresAt, now: now)
        case .open, .expired:
            // The last rung's message may speak of the server as it is.
            if let server = run.server { return .readServer(server) }
            return giveUp(rule: rule, now: now)
        case .denied:
            return finish(.cancelled, .approvalDenied, "approval \(approval.id) was \(approval.ending)", now: now)
        case .approved:
            run.state = .ready
            run.reason = .approved
            run.detail = approval.ending
            run.dueAt = now
            let told = "Approval \(approval.id) is \(approval.ending): \(approval.action)."
            return .commit(
                RunTransition(
                    now: now, run: run, audit: [entry(.run, .approved, "ready: \(approval.id) is \(approval.ending)", now: now)],
                    messages: approvalMessage(told), releasesLease: false))
        case .void:
            return nil
        }
    }

    /// No answer is a no; the last rung's message goes out, since the problem is still there.
    mutating func giveUp(rule: Rule, now: Timestamp) -> RunEffect {
        guard let approval else { return wait(until: now, now: now) }
        var change: ApprovalChange?
        if approval.state == .open {
            undecided = run
            change = .expire(approval.id)
        }
        return finish(
            .expired, .approvalExpired,
            "nobody decided \(approval.id) in time (\(approval.approvals) of \(approval.required) approvals)", now: now,
            approval: change, messages: lastWords(rule: rule))
    }

    // MARK: Afterwards

    /// Cancels an approved run whose server is no longer what people saw when they agreed.
    mutating func changedSinceApproval(_ server: Server, rule: Rule, now: Timestamp) -> RunEffect? {
        guard let approval, let until = approval.goodUntil, now < until,
            let change = difference(of: server, from: approval, rule: rule)
        else { return nil }
        return finish(.cancelled, .changedSinceApproval, "since approval \(approval.id) was asked: \(change)", now: now)
    }

    private func difference(of server: Server, from approval: ApprovalRequest, rule: Rule) -> String? {
        guard server.id == approval.server else {
            return "the server is \(server.id), no longer \(approval.server?.description ?? "-")"
        }
        if let context, let target = try? rule.evaluateTarget(context) {
            guard case .one(let named) = resolver.resolve(target, among: fleet), named.id == server.id else {
                return "\"\(String(target.prefix(100)))\" does not name server \(server.id) any more"
            }
        }
        if let name = approval.serverName, !name.utf8.elementsEqual(server.name.utf8) {
            return "the server was called \(name), now \(server.name)"
        }
        if let status = approval.serverStatus, status != server.status {
            return "the server was \(status), now it is \(server.status)"
        }
        return nil
    }

    /// A word to the channel where people were asked; nothing when nobody was.
    func approvalMessage(_ text: String) -> [NewMessage] {
        MessagePolicy.notices(.approval, text, channels: (approval?.channel).map { [$0] } ?? [], run: run.id)
    }
}

extension Step {
    /// Whether the step does more than read or tell people.
    fileprivate var isChanging: Bool {
        switch action {
        case .notify, .read, .wait: false
        default: true
        }
    }
}
