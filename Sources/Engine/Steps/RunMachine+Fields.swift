import JSON
import Model
import Rules
import Store
import VPSAPI

/// `server.replace` and `server.update`: done when a reading shows what was asked for, whoever did it. Asking twice comes to the same
/// as asking once.
extension RunMachine {
    /// How often the same change is asked for before a person has to look.
    private static let maxChanges = 5

    /// Writes the intent of a PUT or PATCH; a server that is as asked already is left alone.
    mutating func changeFields(
        _ fields: ServerFields, step: Step, rule: Rule, checksCooldown: Bool, now: Timestamp
    ) -> RunEffect {
        guard let context, let server else { return wait(until: now + .seconds(60), now: now) }
        let body: JSONValue
        do throws(EvaluationFailure) {
            body = try fields.render(context)
        } catch {
            return stepFailed(.templateError, "\(label(of: step)) could not be written: \(error.message)", rule: rule, now: now)
        }
        guard let wanted = UpdateServer(json: body) else {
            return stepFailed(.templateError, "\(label(of: step)) is no change of a server", rule: rule, now: now)
        }
        if Reconciliation.shows(server, wanted) { return leaveAlone(step, now: now) }
        let method = fields.replaces ? "PUT" : "PATCH"
        let path = "/api/v1/servers/\(server.id)/"
        return openIntent(
            step: 0, operation: fields.replaces ? .replace : .update, server: server,
            request: IntentRequest(
                method: method, url: path, hash: RequestHash.of(method, path, body.description), body: body),
            rule: rule, checksCooldown: checksCooldown, now: now)
    }

    /// What is as it was asked for needs no request.
    private mutating func leaveAlone(_ step: Step, now: Timestamp) -> RunEffect {
        if let output = serverOutput { keep(output) }
        let detail = "\(label(of: step)): \(serverLabel) is as asked already"
        run.progress.ending = RunProgress.Ending(state: .succeeded, reason: .nothingToDo, detail: detail)
        run.progress.step += 1
        run.progress.attempts = 0
        run.dueAt = now
        return .commit(
            RunTransition(now: now, run: run, audit: [entry(.request, .nothingToDo, detail, now: now)], releasesLease: true))
    }

    /// The change of a rung is its own effect: seen, the run is done; `nil` for every other action.
    mutating func judgeFields(_ server: Server, rule: Rule, now: Timestamp) -> RunEffect? {
        guard let rung, let step = rung.targetChange, case .fields = step.action, let intent = lastIntent,
            intent.rung == run.rung,
            let fields = intent.fields
        else { return nil }
        if Reconciliation.shows(server, fields) {
            return conclude(
                .succeeded, .effective, "\(step.name) of \(serverLabel): it is as asked", output: serverOutput, now: now)
        }
        guard isCommand else { return notYet(rule: rule, now: now, mayClimb: true) }
        if let deadline = run.rungDeadline, now >= deadline {
            return finish(.failed, .ineffective, "\(serverLabel) is not as \(step.name) asked", now: now)
        }
        return wait(until: now + settings.verifyInterval, now: now)
    }

    /// After an unknown outcome the server is as it was: asked for again, after everything was judged anew.
    mutating func changeAgain(_ intent: Intent, rule: Rule, now: Timestamp) -> RunEffect {
        let closing = IntentChange.close(intent.id, .notExecuted)
        let detail = "\(intent.kind.rawValue) of \(serverLabel) was not seen to change anything"
        guard run.progress.attempts < Self.maxChanges else {
            return finishWithLastRung(
                .failed, .unverified, "\(detail), after \(run.progress.attempts) requests", rule: rule, now: now, closing: closing
            )
        }
        let error = APIError(code: .outcomeUnknown, certainty: .notExecuted, detail: detail)
        if run.rung > 0 || (rung?.changingIndex ?? 0) > 0 { return backToStep(closing, error: error, now: now) }
        return hold(.outcomeUnknown, "\(detail); it is asked for again", until: now + .seconds(5), now: now, closing: closing)
    }

    /// What is sent, for people: ` (name web-1, hostname …)`.
    func words(_ fields: ServerFields) -> String {
        guard let context, let body = try? fields.render(context), case .object(let object) = body else { return "" }
        let parts = object.members.map { "\($0.name) \($0.value.stringValue ?? $0.value.description)" }
        return " (\(String(parts.joined(separator: ", ").prefix(300))))"
    }
}
