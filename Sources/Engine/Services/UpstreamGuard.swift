import CurlTransport
import Model
import Store
import VPSAPI

/// Asks what lets requests out to the Servers API, before an intent is written or a server is read.
///
/// A run that would not be let out is held like one that a guard of the store refuses: nothing was written, no budget is spent, and
/// its due time is stored. While a breaker is half-open the run itself makes the probe, by reading the list; runs that come at
/// the same time share that reading.
struct UpstreamGuard {
    let api: any ServersAPI
    let inventory: Inventory
    let clock: any TimeSource

    /// Why the request that a step is about would not be let out now; `nil` when it would, or when the step is about none.
    func refusal(of transition: RunTransition) async -> Refusal? {
        guard let upstream = api.upstream, case .open(let intent, _) = transition.intent, let operation = intent.kind.operation,
            operation.isChanging
        else { return nil }
        let kind: RequestClass = operation == .create ? .create : .mutate
        var outlook = upstream.outlook(kind)
        if outlook == .probe {
            if case .failure(let error) = await probe() { return Refusal(error, now: clock.now()) }
            outlook = upstream.outlook(kind)
        }
        switch outlook {
        case .clear: return nil
        case .probe: return Refusal(.probing, until: clock.now() + .seconds(2))
        case .refused(let reason, let until): return Refusal(reason, until: until)
        }
    }

    /// Reads one server, after the list when only that is let out.
    func readServer(_ id: ServerID) async -> Result<Server, APIError> {
        do throws(APIError) {
            if api.upstream?.outlook(.read) == .probe { _ = try await probe().get() }
            return .success(try await api.get(id))
        } catch {
            return .failure(error)
        }
    }

    /// Reads what a step asks for, after the list when only that is let out. A list that is not complete is none.
    func read(_ reading: StepReading) async -> Result<[Server], APIError> {
        switch reading {
        case .server(let id): return await readServer(id).map { [$0] }
        case .list(let status, let location):
            do throws(APIError) {
                if api.upstream?.outlook(.read) == .probe { _ = try await probe().get() }
                let list = try await api.list(status: status, location: location)
                guard list.isComplete else {
                    throw APIError(
                        code: .invalidAnswer, certainty: .notExecuted,
                        detail: "the list of servers is incomplete: \(list.servers.count) of them were read")
                }
                return .success(list.servers)
            } catch {
                return .failure(error)
            }
        }
    }

    private func probe() async -> Result<InventorySnapshot, APIError> {
        do throws(APIError) {
            return .success(try await inventory.servers(maxAge: .zero, now: clock.now()))
        } catch {
            return .failure(error)
        }
    }
}

extension Refusal {
    fileprivate init(_ reason: GateReason, until: Timestamp) {
        self.init(
            reason: reason.runReason, until: until, detail: "VPS.org is not asked now: \(reason.rawValue) until \(until.rfc3339)")
    }

    fileprivate init(_ error: APIError, now: Timestamp) {
        self.init(
            reason: error.holdReason, until: error.retryAfter.map { now + $0 },
            detail: "VPS.org can not be asked: \(error.detail.prefix(300))")
    }
}

extension GateReason {
    /// What a run that waits for the gate is held for.
    var runReason: Reason {
        switch self {
        case .unauthorized: .unauthorized
        case .breakerOpen, .probeNeeded, .probing: .apiUnavailable
        case .askedToWait, .bulkhead, .retryBudget, .rateLimit: .rateLimited
        }
    }
}

extension APIError {
    /// What a run is held for that can not go on after this error.
    var holdReason: Reason {
        if let heldBy { return heldBy.runReason }
        return switch code {
        case .unauthorized, .forbidden: .unauthorized
        case .rateLimited: .rateLimited
        case .heldBack: .paused
        default: .apiUnavailable
        }
    }
}
