package import Model

/// `fleet.scale`: creates or deletes servers of the rule's own set, within bounds.
package struct FleetScale: Sendable {
    /// Which server goes first when the set shrinks.
    package enum Victim: Sendable {
        /// The one that was created last.
        case newest
        /// The one that was created first.
        case oldest
        /// The one for which the expression, which sees it as `server`, gives the least value.
        case key(RuleExpression)
    }

    /// What either bound may be.
    package static let sizeRange = 0...100
    /// The default of ``waitFor``.
    package static let defaultWait = StepWait(status: "active", timeout: .seconds(600))
    /// By how many servers one run may change the set.
    package static let deltaRange = -10...10

    /// The set is never made smaller; at least 0.
    package let min: Int
    /// The set is never made larger; at least ``min``.
    package let max: Int
    /// How many servers are created, or deleted when negative; never 0.
    package let delta: Int
    /// What is created; there when ``delta`` is positive.
    package let template: ServerTemplate?
    /// Which server is deleted. Default ``Victim/newest``.
    package let victim: Victim
    /// Sent before a server is deleted, which it prevents by failing.
    package let drain: FleetDrain?
    /// What is waited for after a create. Default: `active`, for at most 10 minutes.
    package let waitFor: StepWait

    /// How one server of the set is created; `nil` when ``delta`` is negative.
    package var create: ServerCreate? { template.map { ServerCreate(template: $0, waitFor: waitFor) } }

    /// The server to delete first, `nil` when there is none; ties go to the greater id, which is the later server.
    ///
    /// - Throws: ``EvaluationFailure`` when a sort key has no value for one of them, or its values can not be compared.
    package func chooseVictim(
        among servers: [Server], _ context: EvaluationContext
    ) throws(EvaluationFailure) -> Server? {
        switch victim {
        case .newest: return servers.max { Self.isEarlier($0, $1) }
        case .oldest: return servers.min { Self.isEarlier($0, $1) }
        case .key(let expression):
            var best: (server: Server, key: CELValue)?
            for server in servers.sorted(by: { $0.id.rawValue > $1.id.rawValue }) {
                var own = context
                own.server = server
                let key = try expression.value(own)
                guard let present = best else {
                    best = (server, key)
                    continue
                }
                if try isLess(key, present.key) { best = (server, key) }
            }
            return best?.server
        }
    }

    private func isLess(_ left: CELValue, _ right: CELValue) throws(EvaluationFailure) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): return left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.timestamp(let left), .timestamp(let right)): return left < right
        default:
            guard let order = CELValue.numericOrdering(left, right), order != .unordered else {
                throw EvaluationFailure(.type, "the values of `victim` can not be compared with each other")
            }
            return order == .less
        }
    }

    private static func isEarlier(_ left: Server, _ right: Server) -> Bool {
        guard let first = left.createdAt, let second = right.createdAt, first != second else {
            return left.id.rawValue < right.id.rawValue
        }
        return first < second
    }
}

/// A request that takes a server out of service before it is deleted.
package struct FleetDrain: Sendable {
    /// Under which later steps read the answer of the last one, as `steps.<id>`.
    package let id: String?
    /// What is sent; sees the server as `victim`.
    package let request: HTTPRequestStep
    /// How long one try may take.
    package let timeout: Duration
    /// Whether and how often a failed try is made again; `nil` is never.
    package let retry: StepRetry?
    /// What answer counts as success.
    package let expect: StepExpectation
}

/// The set of servers that a scaling rule owns.
package struct FleetSelection: Sendable {
    /// Whether a server belongs to the set; sees it as `server`.
    package let select: RuleExpression
    /// `delete: bridge-created`: servers of the set that the bridge itself created may be deleted without an approval. No other
    /// server ever is.
    package let deletesCreated: Bool

    /// The servers of the set, in their order.
    ///
    /// - Throws: ``EvaluationFailure`` when it can not be told for one of them: a set that is not known exactly is no set.
    package func servers(
        of fleet: [Server], _ context: EvaluationContext
    ) throws(EvaluationFailure) -> [Server] {
        var chosen: [Server] = []
        for server in fleet {
            var own = context
            own.server = server
            if try select.holds(own) { chosen.append(server) }
        }
        return chosen
    }
}
