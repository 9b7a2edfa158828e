import JSON
import Model
import Rules
import Store
import VPSAPI

/// Deleting servers: only ones that this bridge created, taken out of service first, and the right one or none.
extension RunMachine {
    /// How often a delete is asked for before a person has to look.
    private static let maxDeletes = 5

    /// The next server to delete: the one that is at work, else one that is chosen among those that the bridge created.
    mutating func removeNext(
        _ scale: FleetScale, _ progress: ScaleProgress, members: [Server], rule: Rule, checksCooldown: Bool, now: Timestamp
    ) -> RunEffect {
        removal = Removal(members: members, progress: progress, checksCooldown: checksCooldown)
        return .readOwned
    }

    /// What comes after the list of servers: which are ours, and how the chosen one is now.
    mutating func continueRemoval(_ input: RunInput, scale: FleetScale, rule: Rule, now: Timestamp) -> RunEffect {
        guard let removal else { return wait(until: now + .seconds(5), now: now) }
        switch input {
        case .owned(let created):
            self.removal?.owned = Set(created.map(\.id))
            return chooseVictim(scale: scale, rule: rule, now: now)
        case .server(let answer):
            return deleteIfSame(answer, removal, rule: rule, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// The server at work, else the one that the rule names first among those that may go.
    mutating func chooseVictim(scale: FleetScale, rule: Rule, now: Timestamp) -> RunEffect {
        guard let removal else { return wait(until: now, now: now) }
        let candidates = candidates(removal)
        var progress = removal.progress
        if let current = progress.current {
            guard candidates.contains(where: { $0.id == current.id }) else {
                return scaleFailed(
                    .notCreatedHere,
                    "\(current.name) (\(current.id)) left \(groupLabel) while it was being drained: it is not deleted",
                    rule: rule, now: now)
            }
        } else {
            let victim: Server?
            do throws(EvaluationFailure) {
                victim = try context.flatMap { context throws(EvaluationFailure) in
                    try scale.chooseVictim(among: candidates, context)
                }
            } catch {
                return scaleFailed(
                    .templateError, "which server of \(groupLabel) goes can not be told: \(error.message)", rule: rule, now: now)
            }
            guard let victim else {
                return scaleFailed(
                    .notCreatedHere,
                    "no server of \(groupLabel) may be deleted: of its \(removal.members.count) this bridge created none that is not protected",
                    rule: rule, now: now)
            }
            progress.current = ScaleProgress.Member(id: victim.id, name: victim.name)
            progress.isDrained = scale.drain == nil
        }
        self.removal?.progress = progress
        guard let current = progress.current else { return wait(until: now, now: now) }
        if !progress.isDrained, let drain = scale.drain {
            return openDrain(drain, of: current, progress, removal, rule: rule, now: now)
        }
        return .readServer(current.id)
    }

    private mutating func openDrain(
        _ drain: FleetDrain, of current: ScaleProgress.Member, _ progress: ScaleProgress, _ removal: Removal, rule: Rule,
        now: Timestamp
    ) -> RunEffect {
        guard var context, let victim = removal.members.first(where: { $0.id == current.id }) else {
            return wait(until: now, now: now)
        }
        context.victim = victim
        let request: PreparedRequest
        do throws(EvaluationFailure) {
            request = PreparedRequest(try drain.request.render(context, secrets: secrets), timeout: drain.timeout)
        } catch {
            return scaleFailed(
                .templateError, "the drain of \(current.name) could not be written: \(error.message)", rule: rule, now: now)
        }
        if request.goesAround(settings.apiOrigin) {
            return scaleFailed(
                .protected, "the drain of \(current.name) goes to the Servers API itself: it is not sent", rule: rule, now: now)
        }
        let before = run.progress.scale
        run.progress.scale = progress
        // A guard that refuses leaves the run as it was: nothing is begun, and no server is chosen.
        defer { run.progress.scale = before }
        let guards =
            run.state.holdsLane ? followingGuards(rule: rule) : firstGuards(rule: rule, checksCooldown: removal.checksCooldown)
        return open(
            request, step: rung?.changingIndex ?? 0, label: "rung \(run.rung + 1), drain of \(current.name) (\(current.id))",
            server: current.id, guards: guards, now: now)
    }

    /// The answer to the request that takes a server out of service: without the expected one, nothing is deleted.
    mutating func drainReplied(_ reply: RequestReply, intent: Intent, rule: Rule, now: Timestamp) -> RunEffect {
        guard let drain = rung?.scale?.drain, var progress = run.progress.scale, let current = progress.current else {
            return park("the drain of a server is gone from the rule: it may have been received", now: now)
        }
        let label = "the drain of \(current.name) (\(current.id)), \(Self.title(of: intent))"
        switch RequestJudgement.judge(reply, RequestTerms(drain), attempt: run.progress.attempts, random: random) {
        case .done(let status, let output):
            keep(JSONOutput(id: drain.id, value: output))
            progress.isDrained = true
            run.progress.scale = progress
            run.progress.attempts = 0
            run.state = .verifying
            run.reason = .applied
            run.detail = "\(label) was answered with \(status)"
            run.dueAt = now
            return .commit(
                RunTransition(
                    now: now, run: run, intent: .close(intent.id, .applied),
                    audit: [entry(.request, .applied, run.detail, now: now)], releasesLease: true))
        case .again(let outcome, let reason, let delay, let why):
            return repeatLater(intent, outcome, reason, after: delay, why: "\(label): \(why)", now: now)
        case .failed(let outcome, let reason, let why):
            return scaleFailed(
                reason, "\(label): \(why); it is not deleted", rule: rule, closing: .close(intent.id, outcome), now: now)
        case .ambiguous(let why):
            return park("\(label): \(why); it is not deleted, and may be out of service: look, then resolve the run", now: now)
        }
    }

    // MARK: The delete

    /// Deletes the server that was read just now, if id and name are those that were chosen.
    private mutating func deleteIfSame(
        _ answer: Result<Server, APIError>, _ removal: Removal, rule: Rule, now: Timestamp
    ) -> RunEffect {
        guard let current = removal.progress.current else { return wait(until: now, now: now) }
        switch answer {
        case .failure(let error) where error.code == .notFound:
            return serverDone(
                current, removal.progress, "\(current.name) (\(current.id)) was gone before it was deleted",
                ownership: .deleted(current.id), now: now)
        case .failure(let error):
            run.attempts += 1
            if run.state.holdsLane { return wait(until: now + pause(after: error), now: now) }
            return holdForAPI(error, now: now)
        case .success(let server):
            guard Reconciliation.mayDelete(server, id: current.id, name: current.name) else {
                return scaleFailed(
                    .notCreatedHere, "server \(current.id) was called \(current.name), now \(server.name): it is not deleted",
                    rule: rule, now: now)
            }
            let path = "/api/v1/servers/\(server.id)/"
            let request = IntentRequest(
                method: "DELETE", url: path, hash: RequestHash.of("DELETE", path, server.name), name: server.name)
            return openScaleIntent(
                .delete, server: server, request: request, progress: removal.progress, rule: rule,
                checksCooldown: removal.checksCooldown, now: now)
        }
    }

    /// Whether the delete of the server at work was sent, so that its end is waited for.
    func isDeleted(_ current: ScaleProgress.Member) -> Bool {
        guard let intent = lastIntent, intent.operation == .delete, intent.server == current.id else { return false }
        return intent.outcome == .applied
    }

    /// The outcome of a delete, or the look whether it took place.
    mutating func deleting(
        _ input: RunInput, intent: Intent, _ progress: ScaleProgress, rule: Rule, now: Timestamp
    ) -> RunEffect {
        guard let id = intent.server, let current = progress.current else {
            return park("a delete without a server: look what was deleted", now: now)
        }
        switch input {
        case .answer(.success):
            return deleteApplied(current, closing: .close(intent.id, .applied), "is being deleted", now: now)
        case .answer(.failure(let error)):
            return deleteFailed(error, current, intent: intent, progress, rule: rule, now: now)
        case .woken:
            run.state = .unknown
            return .readServer(id)
        case .server(let answer):
            return settleDelete(intent, Reading(answer), current, progress, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// What the server says of a delete whose outcome is unknown.
    private mutating func settleDelete(
        _ intent: Intent, _ reading: Reading, _ current: ScaleProgress.Member, _ progress: ScaleProgress, now: Timestamp
    ) -> RunEffect {
        guard let sent = intent.sent() else { return park("a delete without a name: look what was deleted", now: now) }
        switch settings.reconciliation.judge(sent, reading, now: now) {
        case .applied, .gone:
            return serverDone(
                current, progress, "\(current.name) (\(current.id)) is gone", ownership: .deleted(current.id),
                closing: .close(intent.id, .applied), now: now)
        case .notExecuted, .assumedSent, .alreadySo, .refused:
            // A group's budgets count each request; of one server's a delete spends one unit, however often it is asked for.
            let outcome: Intent.Outcome = rung?.deletesTarget == true ? .notExecuted : .assumedSent
            return deleteAgain(current, closing: .close(intent.id, outcome), "it is still there", now: now)
        case .stillUnknown(let next):
            return wait(until: next, now: now)
        case .ambiguous(let why):
            return park(why.words(name: current.name), now: now)
        }
    }

    private mutating func deleteFailed(
        _ error: APIError, _ current: ScaleProgress.Member, intent: Intent, _ progress: ScaleProgress, rule: Rule, now: Timestamp
    ) -> RunEffect {
        switch error.code {
        case .notFound:
            return serverDone(
                current, progress, "\(current.name) (\(current.id)) is gone", ownership: .deleted(current.id),
                closing: .close(intent.id, .applied), now: now)
        case .badRequest, .paymentRequired:
            return scaleFailed(
                .refused, "VPS.org did not delete \(current.name) (\(current.id)): \(error.status ?? 0) \(error.detail)",
                rule: rule,
                closing: .close(intent.id, .refused), now: now)
        default: break
        }
        guard error.certainty == .notExecuted else {
            run.state = .unknown
            run.reason = .outcomeUnknown
            run.detail = "no certain answer to the delete of \(current.name) (\(current.id)): \(error.detail.prefix(300))"
            run.dueAt = settings.reconciliation.firstReading(of: .delete(name: current.name), now: now)
            return .commit(
                RunTransition(
                    now: now, run: run, audit: [entry(.request, .outcomeUnknown, run.detail, now: now)], releasesLease: true))
        }
        if error.code == .heldBack {
            // It was never on its way: no attempt of the few.
            run.progress.attempts = max(0, run.progress.attempts - 1)
        } else {
            run.attempts += 1
        }
        return deleteAgain(
            current, closing: .close(intent.id, .notExecuted), error.detail, after: pause(after: error), now: now)
    }

    /// Asks for a delete again, after everything was judged anew: asking twice deletes one server.
    private mutating func deleteAgain(
        _ current: ScaleProgress.Member, closing: IntentChange, _ why: String, after delay: Duration = .seconds(5), now: Timestamp
    ) -> RunEffect {
        guard run.progress.attempts < Self.maxDeletes else {
            return finish(
                .failed, .unverified,
                "\(current.name) (\(current.id)) was asked to be deleted \(run.progress.attempts) times: \(why.prefix(200))",
                now: now,
                closing: closing,
                messages: rule.map { lastWords(rule: $0, failure: "\(current.name) could not be deleted") } ?? [],
                isDeadLetter: true)
        }
        run.state = .verifying
        run.reason = .notSent
        run.detail = "the delete of \(current.name) (\(current.id)) is asked for again: \(why.prefix(200))"
        run.dueAt = now + delay
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.request, .notSent, run.detail, now: now)], releasesLease: true
            ))
    }

    private mutating func deleteApplied(
        _ current: ScaleProgress.Member, closing: IntentChange, _ how: String, now: Timestamp
    ) -> RunEffect {
        run.state = .verifying
        run.reason = .applied
        run.detail = "\(current.name) (\(current.id)) \(how)"
        run.rungDeadline = now + (rung?.scale?.waitFor.timeout ?? rung?.timeout ?? .seconds(600))
        run.attempts = 0
        run.dueAt = now
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.request, .applied, run.detail, now: now)], releasesLease: true
            ))
    }

    /// A 2xx is not success: the server has to be gone.
    mutating func awaitGone(
        _ current: ScaleProgress.Member, _ input: RunInput, _ progress: ScaleProgress, rule: Rule, now: Timestamp
    ) -> RunEffect {
        switch input {
        case .woken: return .readServer(current.id)
        case .server(.failure(let error)) where error.code == .notFound:
            return serverDone(
                current, progress, "\(current.name) (\(current.id)) is gone", ownership: .deleted(current.id), now: now)
        case .server(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        case .server(.success(let server)):
            guard let deadline = run.rungDeadline, now < deadline else {
                return scaleFailed(
                    .unverified, "\(current.name) (\(current.id)) was deleted and is still there, as \(server.status)",
                    rule: rule,
                    now: now)
            }
            return wait(until: min(deadline, now + settings.verifyInterval), now: now)
        default:
            return wait(until: now + settings.verifyInterval, now: now)
        }
    }
}
