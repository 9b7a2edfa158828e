import CurlTransport
import JSON
import Model
import Rules
import Store
import VPSAPI

/// `server.list` and `server.get`: readings that later steps use. They change nothing, so they need no intent and no guard.
extension RunMachine {
    /// How often a reading is tried where the run has nothing else to wait for and the step does not say.
    private static let standardAttempts = 5
    /// How much of a list is kept, in bytes of its JSON; `count` is of all.
    private static let maxListBytes = 200_000

    mutating func takeRead(_ read: ServerRead, step: Step, rule: Rule, now: Timestamp) -> RunEffect {
        guard let context else { return wait(until: now, now: now) }
        switch read {
        case .get:
            guard let id = run.server else { return wait(until: now + .seconds(60), now: now) }
            return .readStep(.server(id))
        case .list(let status, let location):
            do throws(EvaluationFailure) {
                let status = try status?.renderText(context)
                return .readStep(
                    .list(status: status.map { ServerStatus(rawValue: $0) }, location: try location?.renderText(context)))
            } catch {
                return stepFailed(
                    .templateError, "\(label(of: step)) could not be written: \(error.message)", rule: rule, now: now)
            }
        }
    }

    /// What the step at work was answered.
    mutating func stepRead(_ answer: Result<[Server], APIError>, rule: Rule, now: Timestamp) -> RunEffect {
        guard let rung, rung.steps.indices.contains(run.progress.step),
            case .read(let read) = rung.steps[run.progress.step].action
        else { return wait(until: now, now: now) }
        let step = rung.steps[run.progress.step]
        let servers: [Server]
        switch answer {
        case .success(let found): servers = found
        case .failure(let error): return readFailed(error, step: step, rule: rule, now: now)
        }
        let detail: String
        switch read {
        case .get:
            guard let server = servers.first else { return wait(until: now, now: now) }
            self.server = server
            if let waiting = awaitStatus(of: server, step: step, rule: rule, now: now) { return waiting }
            keep(JSONOutput(id: step.id, value: ["ok": true, "server": server.shown]))
            detail = "\(label(of: step)): \(server.name) (\(server.id)) is \(server.status)"
        case .list:
            keep(JSONOutput(id: step.id, value: Self.output(servers)))
            detail = "\(label(of: step)): \(servers.count) servers"
        }
        run.progress.step += 1
        run.progress.attempts = 0
        run.progress.since = nil
        if run.progress.ending == nil {
            run.reason = .applied
            run.detail = String(detail.prefix(500))
        }
        run.dueAt = now
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.request, .applied, String(detail.prefix(500)), now: now)], releasesLease: true)
        )
    }

    /// Reads again until the server has the status that the step waits for; `nil` when it has, or when the step waits for none.
    private mutating func awaitStatus(of server: Server, step: Step, rule: Rule, now: Timestamp) -> RunEffect? {
        guard let wanted = step.waitFor, !server.status.rawValue.utf8.elementsEqual(wanted.status.utf8) else { return nil }
        let since = run.progress.since ?? now
        run.progress.since = since
        let deadline = since + wanted.timeout
        let detail = "\(label(of: step)): \(server.name) (\(server.id)) is \(server.status), not \(wanted.status)"
        guard now < deadline else {
            return stepFailed(.unverified, "\(detail) after \(Int(wanted.timeout.inSeconds)) s", rule: rule, now: now)
        }
        run.progress.attempts = max(1, run.progress.attempts)
        run.detail = String(detail.prefix(500))
        return wait(until: min(deadline, now + settings.verifyInterval), now: now)
    }

    private static func output(_ servers: [Server]) -> JSONValue {
        var kept: [JSONValue] = []
        var bytes = 0
        for server in servers {
            let value = server.shown
            bytes += value.serialized().count + 1
            if bytes > maxListBytes { break }
            kept.append(value)
        }
        return ["ok": true, "count": .int(Int64(servers.count)), "servers": .array(kept)]
    }

    /// What passes is tried again: as often as the step says, else for as long as the run lives.
    private mutating func readFailed(_ error: APIError, step: Step, rule: Rule, now: Timestamp) -> RunEffect {
        let detail = "\(label(of: step)) could not be read: \(error.status.map { "\($0) " } ?? "")\(error.detail.prefix(300))"
        guard error.passes else {
            let isGone = error.code == .notFound
            return stepFailed(isGone ? .serverGone : .refused, detail, rule: rule, now: now)
        }
        // One that a guard of this side held back was no attempt.
        if error.code != .heldBack { run.progress.attempts += 1 }
        let isLast = run.progress.ending != nil
        if let most = step.retry?.attempts ?? (isLast ? Self.standardAttempts : nil), run.progress.attempts >= most {
            return stepFailed(.apiUnavailable, detail, rule: rule, now: now)
        }
        guard step.retry != nil || isLast || run.state.holdsLane else { return holdForAPI(error, now: now) }
        let policy = step.retry.map { RetryPolicy(base: $0.initialDelay, cap: $0.maxDelay) } ?? RetryPolicy()
        let drawn = policy.delay(attempt: max(1, run.progress.attempts), retryAfter: nil, random: random)
        // A rung whose first step waits has begun all the same.
        run.progress.attempts = max(1, run.progress.attempts)
        run.detail = String(detail.prefix(500))
        return wait(until: now + max(drawn, error.retryAfter ?? .zero, .milliseconds(250)), now: now)
    }
}

extension APIError {
    /// Whether the same reading may be answered later.
    fileprivate var passes: Bool {
        switch code {
        case .notSent, .heldBack, .outcomeUnknown, .serverError, .rateLimited, .unauthorized, .forbidden, .invalidAnswer: true
        case .badRequest, .notFound, .conflict, .paymentRequired, .redirected, .unexpectedStatus: false
        }
    }
}

extension Server {
    /// The server for the outputs of steps: as the API gave it.
    var shown: JSONValue {
        if case .object = raw { return raw }
        return [
            "id": .int(id.rawValue), "name": .string(name), "hostname": hostname.map { .string($0) } ?? .null,
            "status": .string(status.rawValue), "ip_address": ipAddress.map { .string($0) } ?? .null,
            "location": location.map { .string($0) } ?? .null,
        ]
    }
}
