import Engine
package import Model
package import Rules
package import Store
package import VPSAPI
import Webhooks

/// Runs recorded deliveries through a rule set: the engine that serves live, on a virtual clock, with a fleet in memory.
///
/// Opens no socket. The same record, rules and settings give the same outcome. Memory does not grow with the record: what the engine
/// is done with is cleared away as it goes.
package struct HistoryReplay: Sendable {
    /// Why a replay could not be brought to its end.
    package struct Fault: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// How long the clock goes on behind the last delivery.
    package static let after = Duration.seconds(3_600)
    /// How often a server is read while a run waits for its effect; problems end at the instant at which their sender said so.
    private static let lookInterval = Duration.seconds(60)
    /// How many deliveries are read at once.
    private static let page = 256
    /// How long what the engine is done with is kept at least: longer than any guard that is not configured looks back.
    private static let leastWindow = Duration.seconds(86_400)
    /// Creates are counted over a calendar month.
    private static let windowOfCreates = Duration.seconds(32 * 86_400)

    private let history: any RecordQueries
    private let since: Timestamp
    private let settings: RuleTestSettings
    private let servers: [Server]
    private let trap: TrapTransport
    private let reaching: (any ServersAPI)?

    /// A replay of what was received at `since` or later.
    ///
    /// - Parameters:
    ///   - history: the record; only read.
    ///   - since: the first instant.
    ///   - settings: the floor, the sources and what else of the configuration decides; taken as live.
    ///   - servers: the fleet as it is assumed to have been.
    ///   - trap: stands where the world would be, in every replay; it ends with a fault when something was handed to it.
    ///   - reaching: what is asked instead of the fleet in memory, to show that the trap works; `nil` in earnest.
    package init(
        history: any RecordQueries, since: Timestamp, settings: RuleTestSettings, servers: [Server],
        trap: TrapTransport = TrapTransport(), reaching: (any ServersAPI)? = nil
    ) {
        self.history = history
        self.since = since
        self.settings = settings
        self.servers = servers
        self.trap = trap
        self.reaching = reaching
    }

    /// What those rules would have done.
    package func run(_ ruleSet: RuleSet) async throws(Fault) -> ReplayOutcome {
        do throws(RuleTestFault) {
            return try await replay(ruleSet)
        } catch {
            throw Fault(description: error.message)
        }
    }

    private func replay(_ ruleSet: RuleSet) async throws(RuleTestFault) -> ReplayOutcome {
        var outcome = ReplayOutcome()
        guard let first = try await read(after: DeliveryID(rawValue: 0), limit: 1).first else { return outcome }
        let engine: RuleTestEngine
        do throws(StoreError) {
            engine = try RuleTestEngine(
                RuleTestWorld(
                    ruleSet: ruleSet, settings: settings, servers: servers, start: first.receivedAt,
                    transport: AssumedTransport(of: ruleSet, trap: trap), api: reaching, staleGrain: .seconds(10),
                    verifyInterval: Self.lookInterval),
                steps: .max)
        } catch {
            throw RuleTestFault(error)
        }
        var pass = ReplayPass(engine: engine, window: window(of: ruleSet))
        do throws(RuleTestFault) {
            var last = DeliveryID(rawValue: 0)
            while true {
                let page = try await read(after: last, limit: Self.page)
                guard let end = page.last else { break }
                // The instants of schedules come from the rule set that is played, not from the one of their time.
                for delivery in page where !delivery.source.utf8.elementsEqual(ScheduledInstant.source.utf8) {
                    try await pass.play(delivery, outcome: &outcome)
                }
                last = end.id
                try await pass.gather(&outcome)
                try check()
            }
            try await pass.advance(by: Self.after)
            try await pass.gather(&outcome)
        } catch {
            await engine.store.close()
            throw error
        }
        await engine.store.close()
        try check()
        outcome.actions.sort(by: ReplayAction.comesBefore)
        return outcome
    }

    private func check() throws(RuleTestFault) {
        if let tried = trap.tried.first { throw RuleTestFault("something tried to reach the network: \(tried)") }
    }

    private func read(after: DeliveryID, limit: Int) async throws(RuleTestFault) -> [Delivery] {
        do throws(StoreError) {
            return try await history.deliveries(after: after, since: since, limit: limit)
        } catch {
            throw RuleTestFault(error)
        }
    }

    private func window(of ruleSet: RuleSet) -> Duration {
        let windows = ruleSet.rules.map { rule in
            max(rule.longestWindow, rule.scales ? Self.windowOfCreates : .zero)
        }
        return windows.reduce(max(Self.leastWindow, settings.limits.longestWindow), max)
    }
}
