import Model
import Rules
import Store
import VPSAPI

/// Which server of a group goes, when a guard keeps the bridge off the one that the rule names first.
extension RunMachine {
    /// The servers that may be deleted and that no guard of this claim stands before.
    func candidates(_ removal: Removal) -> [Server] {
        removal.members.filter { server in
            removal.owned.contains(server.id) && !settings.protected.contains(server)
                && !removal.passedOver.contains { $0.server == server.id }
        }
    }

    /// Goes on with another server when a guard stands before the chosen one alone, and nothing was sent to that one yet.
    ///
    /// `nil` when there is no other: then the run waits for the refusal, of several for the one that is over first.
    mutating func passOver(_ refusal: inout Refusal, rule: Rule, now: Timestamp) -> RunEffect? {
        guard let victim = refusal.server, var removal, let scale = rung?.scale, removal.progress.current?.id == victim,
            run.progress.scale?.current == nil
        else { return nil }
        removal.passedOver.append(refusal)
        removal.progress.current = nil
        self.removal = removal
        if removal.passedOver.count < Self.mostChoices, !candidates(removal).isEmpty {
            return chooseVictim(scale: scale, rule: rule, now: now)
        }
        let first = removal.passedOver.min { one, other in
            guard let end = one.until else { return other.until != nil }
            return other.until.map { end < $0 } ?? false
        }
        if let first { refusal = first }
        return nil
    }

    /// How many servers are tried in one look; the effects of a claim are bounded.
    private static let mostChoices = 5

    /// A server that was chosen, and to which nothing was sent, may be chosen anew.
    mutating func forgetVictim() {
        guard run.progress.attempts == 0, run.progress.ending == nil, let scale = run.progress.scale, scale.current != nil,
            !scale.isDrained
        else { return }
        run.progress.scale?.current = nil
        if scale.done.isEmpty { run.progress.scale = nil }
    }
}

/// What a claim has read on its way to a delete.
struct Removal {
    var members: [Server]
    var progress: ScaleProgress
    var checksCooldown: Bool
    /// The servers that this bridge created.
    var owned: Set<ServerID> = []
    /// Why servers that were chosen in this claim are left alone.
    var passedOver: [Refusal] = []
}
