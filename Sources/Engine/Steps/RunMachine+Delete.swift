import JSON
import Model
import Rules
import Store
import VPSAPI

/// `server.delete`: the server that the rule names, under the name that it had when it was found, and never without a person's word
/// unless it is one of the bridge's own in a set that says `delete: bridge-created`.
extension RunMachine {
    /// Whether people have to agree before the rule acts.
    func asksPeople(_ rule: Rule) -> Bool {
        switch autonomy(of: rule) {
        case .approve: true
        case .observe: false
        case .auto: rule.deletesTarget && !mayDeleteUnasked(rule)
        }
    }

    /// Whether the run's server is one that the bridge created, in a set that says `delete: bridge-created`; what is not known is not.
    private func mayDeleteUnasked(_ rule: Rule) -> Bool {
        guard let selection = rule.fleet, selection.deletesCreated, let server, let owned, owned.contains(server.id), let context,
            let members = try? selection.servers(of: [server], context)
        else { return false }
        return !members.isEmpty
    }

    /// Ends a run whose server has another name than when it was found.
    mutating func refuseRenamed(_ server: Server, now: Timestamp) -> RunEffect? {
        let name = run.progress.scale?.current?.name ?? run.serverName
        guard let name, let id = run.server, !Reconciliation.mayDelete(server, id: id, name: name) else { return nil }
        return finish(
            .cancelled, .renamed, "server \(server.id) was called \(name), now \(server.name): it is not deleted", now: now,
            messages: rule.map { lastWords(rule: $0, failure: "server \(server.id) has another name now: it is not deleted") }
                ?? [])
    }

    /// Writes the intent of the delete of the server that was read just now.
    mutating func deleteTarget(rule: Rule, checksCooldown: Bool, now: Timestamp) -> RunEffect {
        guard let server, let id = run.server else { return wait(until: now + .seconds(60), now: now) }
        if rule.autonomy == .auto, approval?.state != .approved {
            guard owned != nil else { return .readOwned }
            guard mayDeleteUnasked(rule) else {
                return finishWithLastRung(
                    .cancelled, .notPermitted, "\(serverLabel) may not be deleted without an approval", rule: rule, now: now)
            }
        }
        let member = run.progress.scale?.current ?? ScaleProgress.Member(id: id, name: run.serverName ?? server.name)
        if let renamed = refuseRenamed(server, now: now) { return renamed }
        let path = "/api/v1/servers/\(id)/"
        let request = IntentRequest(
            method: "DELETE", url: path, hash: RequestHash.of("DELETE", path, member.name), name: member.name)
        let before = run.progress
        if let output = serverOutput { keep(output) }
        // A guard that refuses leaves the run as it was.
        defer { run.progress = before }
        return openScaleIntent(
            .delete, server: server, request: request,
            progress: ScaleProgress(before: 1, desired: 0, current: member, isDrained: true), rule: rule,
            checksCooldown: checksCooldown, now: now)
    }

    /// The server of a delete of ours is gone.
    mutating func deleted(_ member: ScaleProgress.Member, _ how: String, closing: IntentChange?, now: Timestamp) -> RunEffect {
        serverDone(
            member, run.progress.scale ?? ScaleProgress(before: 1, desired: 0), "\(member.name) (\(member.id)) \(how)",
            ownership: .deleted(member.id), closing: closing, now: now)
    }

    /// Between two requests of a delete: everything is judged again; once the server is gone, the rung is done.
    mutating func goOnDeleting(_ input: RunInput, _ progress: ScaleProgress, rule: Rule, now: Timestamp) -> RunEffect {
        if let gone = progress.done.first {
            // Messages may still speak of it.
            server = Server(id: gone.id, name: gone.name, status: ServerStatus(rawValue: "deleted"))
            return conclude(.succeeded, .effective, "deleted \(gone.name) (\(gone.id))", now: now)
        }
        guard let current = progress.current else { return wait(until: now + .seconds(60), now: now) }
        switch input {
        case .woken:
            let hint = "whether \(current.name) (\(current.id)) was deleted is not known"
            if hasLostProblem {
                return finish(.cancelled, .resolved, "the problem is over; \(hint)", now: now)
            }
            if let reason = mayNotSend(rule) { return finish(.cancelled, reason, "\(Self.words(reason)); \(hint)", now: now) }
            if let stale = staleEvidence(rule: rule, now: now) { return stale }
            return .readInventory(maxAge: settings.inventoryMaxAge)
        case .inventory(.success(let snapshot)):
            fleet = snapshot.servers
            return .readServer(current.id)
        case .server(.success(let found)):
            server = found
            guard let rung else { return wait(until: now, now: now) }
            if let refusal = mayNotBegin(rung, on: found, rule: rule, now: now) { return refusal }
            return takeStep(rule: rule, checksCooldown: false, now: now)
        case .server(.failure(let error)) where error.code == .notFound:
            return deleted(current, "is gone", closing: nil, now: now)
        case .server(.failure(let error)), .inventory(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }
}
