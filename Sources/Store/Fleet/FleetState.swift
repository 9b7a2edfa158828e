package import Model

/// A state of the whole fleet in which rules change nothing; kept in the store, so that it outlives a restart.
package struct FleetState: Sendable, Hashable {
    /// Which state it is.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Too many servers have a problem at once.
        case storm
        /// The list of servers can not be had.
        case blind

        /// What a run is held for by it.
        package var reason: Reason {
            switch self {
            case .storm: .storm
            case .blind: .blind
            }
        }

        /// As what people are told of its turns.
        var occasion: MessagePolicy.Occasion {
            switch self {
            case .storm: .storm
            case .blind: .blind
            }
        }
    }

    package var kind: Kind
    /// Since when it is in force; `nil` for a blindness that has not lasted long enough yet.
    package var since: Timestamp?
    /// For a storm when so many servers last had a problem, for blindness when the list was last asked for in vain.
    package var lastAt: Timestamp
    /// When it is to be looked at again: when a storm may be over, when blindness is asked for again.
    package var dueAt: Timestamp
    /// The particulars, for people.
    package var detail: String

    package init(kind: Kind, since: Timestamp?, lastAt: Timestamp, dueAt: Timestamp, detail: String) {
        self.kind = kind
        self.since = since
        self.lastAt = lastAt
        self.dueAt = dueAt
        self.detail = detail
    }
}

/// How the fleet stands, for metrics, `status` and people.
package struct FleetCondition: Sendable, Hashable {
    /// The states in force.
    package var states: [FleetState]
    /// How many servers have an open problem that a rule which changes servers matched.
    package var serversWithProblems: Int
    /// How many runs are held, by the reason.
    package var held: [Reason: Int]

    package init(states: [FleetState], serversWithProblems: Int, held: [Reason: Int]) {
        self.states = states
        self.serversWithProblems = serversWithProblems
        self.held = held
    }
}
