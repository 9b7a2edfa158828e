import Model

/// The guards over the whole fleet, which bind rules and no person.
extension GuardCheck {
    /// A storm or blindness is in force.
    func fleetRefusal() throws -> Refusal? {
        guard !guards.isCommand else { return nil }
        for state in try session.fleetStates() where state.since != nil {
            switch state.kind {
            case .storm:
                return Refusal(
                    reason: .storm, until: state.dueAt, detail: "a storm since \(Self.since(state)): \(state.detail)")
            case .blind where needsServers:
                return Refusal(reason: .blind, until: nil, detail: "blind since \(Self.since(state)): \(state.detail)")
            case .blind: continue
            }
        }
        return nil
    }

    /// More servers have a problem than `max_unhealthy` lets; their end wakes the run.
    func unhealthyRefusal() throws -> Refusal? {
        guard !guards.isCommand, needsServers, guards.fleetSize > 0, !guards.limits.maxUnhealthy.isEmpty else { return nil }
        let count = try session.serversWithProblems(and: run.problemServer)
        for bound in guards.limits.maxUnhealthy where count > bound.most(of: guards.fleetSize) {
            return Refusal(
                reason: .maxUnhealthy, until: nil,
                detail:
                    "\(count) servers have a problem; max_unhealthy \(bound.text) allows \(bound.most(of: guards.fleetSize)) of "
                    + "\(guards.fleetSize)")
        }
        return nil
    }

    /// Whether the run is about servers at all: a rule of requests alone needs no list of them.
    private var needsServers: Bool { lane.isServer || lane.isGroup }

    private static func since(_ state: FleetState) -> String { state.since?.rfc3339 ?? "" }
}
