import JSON
import Model
import Rules
import Store
import VPSAPI

/// Creating servers: the name is final before the request leaves, and nothing is bought twice.
extension RunMachine {
    /// Writes the intent of the next create under the lowest free number.
    mutating func createNext(
        _ create: ServerCreate, _ progress: ScaleProgress, rule: Rule, checksCooldown: Bool, now: Timestamp
    ) -> RunEffect {
        if progress.hasRepeated, let intent = lastIntent, intent.operation == .create,
            // Held back or told to slow down, the repeated one is still of the first one's name.
            intent.outcome == .assumedSent || intent.outcome == .notExecuted,
            let request = intent.request
        {
            return createAgain(request, of: intent, progress, create: create, rule: rule, now: now)
        }
        do throws(EvaluationFailure) {
            let next = try nextRequest(create, done: progress.done)
            guard let request = next.request else {
                return nameTaken(next.name, rule: rule, now: now)
            }
            return openScaleIntent(
                .create, request: request, progress: progress, rule: rule, checksCooldown: checksCooldown, now: now)
        } catch {
            return scaleFailed(
                .templateError, "the new server of \(groupLabel) could not be written: \(error.message)", rule: rule, now: now)
        }
    }

    mutating func nameTaken(_ name: String, rule: Rule, now: Timestamp) -> RunEffect {
        scaleFailed(.nothingToDo, "there is a server \(name) already: none is created", rule: rule, now: now)
    }

    /// The body of the next server: the lowest number whose name no server of the account has; no request where the name has no number
    /// and is taken.
    func nextRequest(
        _ create: ServerCreate, done: [ScaleProgress.Member]
    ) throws(EvaluationFailure) -> (name: String, request: IntentRequest?) {
        guard var context else { throw EvaluationFailure(.missing, "there is no template") }
        // A list may lag behind what this run has created.
        let taken = Set((fleet.map(\.name) + done.map(\.name)).map { Array($0.utf8) })
        var last = ""
        for slot in 1...(taken.count + 1) {
            context.slot = slot
            let body = try create.template.render(context)
            do throws(CreateServerError) {
                let server = try CreateServer(json: body)
                if slot > 1, server.name.utf8.elementsEqual(last.utf8) { break }
                last = server.name
                if taken.contains(Array(server.name.utf8)) { continue }
                let request = IntentRequest(
                    method: "POST", url: "/api/v1/servers/",
                    hash: RequestHash.of("POST", "/api/v1/servers/", server.body.description),
                    name: server.name, body: server.body)
                return (server.name, request)
            } catch {
                throw EvaluationFailure(.invalidValue, error.message)
            }
        }
        return (last, nil)
    }

    /// The outcome of a create, or the search for it.
    mutating func creating(
        _ input: RunInput, intent: Intent, _ progress: ScaleProgress, create: ServerCreate, rule: Rule, now: Timestamp
    ) -> RunEffect {
        switch input {
        case .created(.success(let server)):
            return created(server, closing: .close(intent.id, .applied), "was created", progress, create: create, now: now)
        case .created(.failure(let error)):
            return createFailed(error, intent: intent, rule: rule, now: now)
        case .woken:
            run.state = .unknown
            return .readInventory(maxAge: .zero)
        case .inventory(.success(let snapshot)):
            fleet = snapshot.servers
            // The inventory gives complete lists only.
            let list = ServerList(servers: snapshot.servers, isComplete: true)
            return settle(intent, .list(list), progress, create: create, rule: rule, now: now)
        case .inventory(.failure(let error)):
            // A refusal that can not be looked at is a refusal; asked again later it would be a second create.
            if let refusal, !progress.hasRepeated {
                let detail =
                    "VPS.org did not create \(intent.request?.name ?? "the server"): \(refusal.status ?? 0) \(refusal.detail)"
                return scaleFailed(.refused, detail, rule: rule, closing: .close(intent.id, .refused), now: now)
            }
            if let refusal { return createUnknown(refusal, intent: intent, now: now) }
            run.detail =
                "whether \(intent.request?.name ?? "the server") was created can not be read: \(error.detail.prefix(200))"
            return settle(intent, .failed(error), progress, create: create, rule: rule, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// A server of ours: remembered as such, and waited for.
    private mutating func created(
        _ server: Server, closing: IntentChange?, _ how: String, _ progress: ScaleProgress, create: ServerCreate, now: Timestamp
    ) -> RunEffect {
        var progress = progress
        progress.current = ScaleProgress.Member(id: server.id, name: server.name)
        run.progress.scale = progress
        run.state = .verifying
        run.reason = .applied
        run.detail = "\(server.name) (\(server.id)) \(how); waits until it is \(create.waitFor.status)"
        run.rungDeadline = now + create.waitFor.timeout
        run.attempts = 0
        run.dueAt = now + settings.verifyInterval
        let owned = CreatedServer(
            id: server.id, name: server.name, lane: run.lane.flatMap { $0.isServer ? nil : $0 } ?? .group(run.rule), run: run.id,
            createdAt: now)
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, ownership: .created(owned),
                audit: [entry(.request, .applied, run.detail, now: now)], releasesLease: true))
    }

    private mutating func createFailed(_ error: APIError, intent: Intent, rule: Rule, now: Timestamp) -> RunEffect {
        let name = intent.request?.name ?? "the server"
        let detail = "VPS.org did not create \(name): \(error.status ?? 0) \(error.detail)"
        switch error.code {
        case .paymentRequired:
            return createUnpaid(detail, intent: intent, rule: rule, now: now)
        case .badRequest, .conflict:
            // The list is read before the refusal counts: what was asked for may be there all the same.
            refusal = error
            return .readInventory(maxAge: .zero)
        case .notFound:
            return scaleFailed(.refused, detail, rule: rule, closing: .close(intent.id, .refused), now: now)
        default: break
        }
        guard error.certainty == .notExecuted else { return createUnknown(error, intent: intent, now: now) }
        switch error.code {
        case .unexpectedStatus, .redirected, .invalidAnswer:
            return scaleFailed(.refused, detail, rule: rule, closing: .close(intent.id, .refused), now: now)
        default:
            return holdForAPI(error, now: now, closing: .close(intent.id, .notExecuted))
        }
    }

    private mutating func createUnknown(_ error: APIError, intent: Intent, now: Timestamp) -> RunEffect {
        let name = intent.request?.name ?? "the server"
        run.state = .unknown
        run.reason = .outcomeUnknown
        run.detail = "no certain answer to the create of \(name): \(error.detail.prefix(300))"
        run.attempts = 0
        run.dueAt = settings.reconciliation.firstReading(of: .create(name: name), now: now)
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.request, .outcomeUnknown, run.detail, now: now)], releasesLease: true))
    }

    /// What the list says of a create that was refused, or whose outcome is unknown.
    private mutating func settle(
        _ intent: Intent, _ reading: Reading, _ progress: ScaleProgress, create: ServerCreate, rule: Rule, now: Timestamp
    ) -> RunEffect {
        guard let name = intent.request?.name,
            let sent = intent.sent(isFollowing: progress.hasRepeated, answer: refusal == nil ? .none : .refused)
        else { return park("a create without a name: look what was created", now: now) }
        switch settings.reconciliation.judge(sent, reading, now: now) {
        case .applied(let server?), .alreadySo(let server):
            return created(
                server, closing: .close(intent.id, .applied), "was found after an unknown outcome", progress, create: create,
                now: now)
        case .applied(nil), .gone, .assumedSent:
            return park("whether \(name) was created can not be told: look before it is asked for again", now: now)
        case .refused:
            let answer = refusal.map { "\($0.status ?? 0) \($0.detail)" } ?? ""
            return scaleFailed(
                .refused, "VPS.org did not create \(name): \(answer)", rule: rule, closing: .close(intent.id, .refused), now: now)
        case .ambiguous(let why):
            return park(why.words(name: name), now: now)
        case .stillUnknown(let next):
            if case .list = reading {
                run.attempts += 1
                run.detail = "\(name) is not in the list of servers yet; the create may still show"
            }
            return wait(until: next, now: now)
        case .notExecuted where run.attempts < Self.looksBeforeRepeat:
            // The window may be over by a clock that was set: so many lists without the name are needed as well.
            run.attempts += 1
            return wait(until: now + .seconds(60), now: now)
        case .notExecuted:
            return repeatOnce(name, intent: intent, progress, now: now)
        }
    }

    /// How many complete lists must lack a server before it is asked for once more.
    private static let looksBeforeRepeat = 3

    /// Nothing of it was seen in the whole window: it is asked for once more, under the same name.
    private mutating func repeatOnce(
        _ name: String, intent: Intent, _ progress: ScaleProgress, now: Timestamp
    ) -> RunEffect {
        let closing = IntentChange.close(intent.id, .assumedSent)
        if hasLostProblem {
            return endScaleEarly(
                .resolved, "the problem is over, and \(name) was never seen", closing: closing, now: now)
        }
        run.progress.scale = progress
        run.progress.scale?.hasRepeated = true
        run.state = .verifying
        run.reason = .outcomeUnknown
        run.detail = "\(name) was not seen; it is asked for once more under the same name"
        run.dueAt = now
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.request, .outcomeUnknown, run.detail, now: now)],
                releasesLease: true))
    }

    /// Repeats a create with the same name and body, if the list that was just read still lacks the name.
    private mutating func createAgain(
        _ request: IntentRequest, of intent: Intent, _ progress: ScaleProgress, create: ServerCreate, rule: Rule, now: Timestamp
    ) -> RunEffect {
        guard let sent = intent.sent() else { return park("a create without a name: look what was created", now: now) }
        let list = ServerList(servers: fleet, isComplete: true)
        switch settings.reconciliation.judge(sent, .list(list), now: now) {
        case .notExecuted:
            return openScaleIntent(
                .create, request: request, progress: progress, rule: rule, checksCooldown: false, now: now)
        case .applied(let server?), .alreadySo(let server):
            return created(server, closing: nil, "was found late", progress, create: create, now: now)
        case .ambiguous(let why):
            return park(why.words(name: request.name ?? "the server"), now: now)
        case .stillUnknown(let next):
            return wait(until: next, now: now)
        case .applied(nil), .refused, .gone, .assumedSent:
            return park("whether \(request.name ?? "the server") was created can not be told", now: now)
        }
    }

    /// Waits until a new server has the status that the step asks for; nothing is deleted when it does not come.
    mutating func awaitCreated(
        _ current: ScaleProgress.Member, _ input: RunInput, _ progress: ScaleProgress, create: ServerCreate, rule: Rule,
        now: Timestamp
    ) -> RunEffect {
        var status = "not found"
        switch input {
        case .woken: return .readServer(current.id)
        case .server(.success(let server)):
            status = server.status.rawValue
            keepCreated(server)
            // Two may have been bought: the first of two creates may only show by now, and a proxy on the way may have asked twice.
            if status.utf8.elementsEqual(create.waitFor.status.utf8) { return .readInventory(maxAge: .zero) }
        case .inventory(.success(let snapshot)):
            return doneIfAlone(current, progress, create: create, among: snapshot.servers, rule: rule, now: now)
        case .server(.failure(let error)) where error.code == .notFound: break
        case .server(.failure(let error)), .inventory(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        default: return wait(until: now + settings.verifyInterval, now: now)
        }
        return awaitLonger(current, "is \(status)", create: create, rule: rule, now: now)
    }

    /// Looks again at a new server of which something is still missing, as long as the step waits.
    private mutating func awaitLonger(
        _ current: ScaleProgress.Member, _ state: String, create: ServerCreate, rule: Rule, now: Timestamp
    ) -> RunEffect {
        guard let deadline = run.rungDeadline, now < deadline else {
            return scaleFailed(
                .unverified,
                "\(current.name) (\(current.id)) was created and \(state) after \(Int(create.waitFor.timeout.inSeconds)) s; "
                    + "it is left as it is", rule: rule, now: now)
        }
        run.detail = "\(current.name) (\(current.id)) \(state)"
        return wait(until: min(deadline, now + settings.verifyInterval), now: now)
    }

    /// A new server is done when a list shows it as the only one of its name; none is ever deleted by itself.
    private mutating func doneIfAlone(
        _ current: ScaleProgress.Member, _ progress: ScaleProgress, create: ServerCreate, among servers: [Server], rule: Rule,
        now: Timestamp
    ) -> RunEffect {
        let others = Reconciliation.others(named: current.name, besides: current.id, in: servers)
        guard others.isEmpty else {
            let ids = [current.id] + others.prefix(5).map(\.id)
            let times = progress.hasRepeated ? "twice" : "once"
            return park(
                "\(others.count + 1) servers are called \(current.name), which was asked for \(times): "
                    + ids.map(\.description).joined(separator: ", "), now: now)
        }
        // A list that lags behind the create would not show a second one either.
        guard servers.contains(where: { $0.id == current.id }) else {
            return awaitLonger(
                current, "is \(create.waitFor.status), but not in the list of servers", create: create, rule: rule, now: now)
        }
        return serverDone(
            current, progress, "\(current.name) (\(current.id)) is \(create.waitFor.status) and the only one of its name",
            ownership: nil, now: now)
    }

    /// One server of the group is as it is to be; the next one is judged anew.
    mutating func serverDone(
        _ member: ScaleProgress.Member, _ progress: ScaleProgress, _ detail: String, ownership: OwnershipChange?,
        closing: IntentChange? = nil, now: Timestamp
    ) -> RunEffect {
        var progress = progress
        progress.done.append(member)
        progress.current = nil
        progress.isDrained = false
        progress.hasRepeated = false
        run.progress.scale = progress
        run.progress.attempts = 0
        if run.state.holdsLane { run.state = .verifying }
        run.reason = .applied
        run.detail = detail
        run.rungDeadline = nil
        run.attempts = 0
        run.dueAt = now
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, ownership: ownership,
                audit: [entry(.request, .applied, detail, now: now)], releasesLease: true))
    }
}
