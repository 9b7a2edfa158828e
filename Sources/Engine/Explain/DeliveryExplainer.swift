package import Model
package import Rules
package import Store
package import Webhooks

/// Explains what became of a stored delivery: judged again by the rules of its time, and what was done about it.
///
/// Only reads; works while the bridge runs.
package struct DeliveryExplainer: Sendable {
    /// Rules to explain by.
    package struct Rules: Sendable {
        /// The set.
        package let ruleSet: RuleSet
        /// What it is called: `revision 1a2b…`, or the folder it is from.
        package let name: String

        /// A set under a name for people.
        package init(ruleSet: RuleSet, name: String) {
            self.ruleSet = ruleSet
            self.name = name
        }
    }

    /// Why there is nothing to explain.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        /// On one line, for people.
        package let description: String
    }

    private let queries: any Queries
    private let sources: [String: WebhookSource]
    private let load: @Sendable (StoredRuleSet) -> RuleSet?
    private let present: Rules?

    /// An explainer.
    ///
    /// - Parameters:
    ///   - queries: the store.
    ///   - sources: the configured sources, by which stored bodies are decoded again.
    ///   - load: makes a rule set of stored texts; `nil` when they are not usable any more.
    ///   - present: the rules in the folder now, for what was decided on by rules that were not noted.
    package init(
        queries: any Queries, sources: [String: WebhookSource], load: @escaping @Sendable (StoredRuleSet) -> RuleSet?,
        present: Rules?
    ) {
        self.queries = queries
        self.sources = sources
        self.load = load
        self.present = present
    }

    /// Explains a delivery, or one of its events; `other` are rules to compare with.
    ///
    /// - Throws: ``Problem`` when there is no such delivery or event, or the store can not be read.
    package func explain(
        _ id: DeliveryID, event index: Int?, other: Rules?
    ) async throws(Problem) -> DeliveryExplanation {
        guard let decision = try await read({ () async throws(StoreError) in try await queries.decision(on: id) }) else {
            throw Problem(description: "there is no delivery \(id)")
        }
        let explanation = try await read { () async throws(StoreError) in
            var runs: [RunHistory] = []
            for run in decision.runs where index == nil || run.event.index == index { runs.append(try await history(of: run)) }
            let audit = try await queries.auditEntries(run: nil, delivery: id, limit: 1_000).filter { $0.run == nil }
            var explanation = DeliveryExplanation(id: id, delivery: nil, decision: decision, audit: audit, runs: runs)
            try await judge(&explanation, event: index, other: other)
            return explanation
        }
        if let index, explanation.events.isEmpty, explanation.problem == nil {
            throw Problem(description: "delivery \(id) has no event \(index)")
        }
        return explanation
    }

    /// Explains the event that began a run, with that run alone.
    ///
    /// - Throws: ``Problem`` when there is no such run, or the store can not be read.
    package func explain(_ id: RunID, other: Rules?) async throws(Problem) -> DeliveryExplanation {
        let run = try await read { () async throws(StoreError) in try await queries.run(id) }
        guard let run else { throw Problem(description: "there is no run \(id)") }
        var explanation = try await explain(run.event.delivery, event: run.event.index, other: other)
        explanation.runs.removeAll { $0.run.id != id }
        return explanation
    }

    private func read<Value>(_ body: () async throws(StoreError) -> Value) async throws(Problem) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw Problem(description: error.message)
        }
    }

    private func history(of run: Run) async throws(StoreError) -> RunHistory {
        RunHistory(
            run: run, intents: try await queries.intents(of: run.id),
            audit: try await queries.auditEntries(run: run.id, delivery: nil, limit: 1_000))
    }

    private func judge(_ explanation: inout DeliveryExplanation, event index: Int?, other: Rules?) async throws(StoreError) {
        guard let delivery = try await queries.delivery(explanation.id) else {
            explanation.problem = "its body is not kept any more"
            return
        }
        explanation.delivery = delivery
        let events: [Event]
        do throws(WebhookRejection) {
            events = try Webhooks.decode(delivery, sources: sources)
        } catch {
            let isConfigured =
                sources[delivery.source] != nil || delivery.source.utf8.elementsEqual(ScheduledInstant.source.utf8)
            explanation.problem = isConfigured ? "it can not be read any more: \(error.message)" : error.message
            return
        }
        guard let rules = try await rules(of: explanation.decision) else {
            explanation.problem = "the rules of its time are not in the store, and there are none to take in their place"
            return
        }
        explanation.rules = rules.name
        explanation.events = reports(events, rules, index)
        if let other {
            explanation.otherRules = other.name
            explanation.otherEvents = reports(events, other, index)
        }
    }

    private func reports(_ events: [Event], _ rules: Rules, _ index: Int?) -> [EventReport] {
        EventReporter(ruleSet: rules.ruleSet, planner: nil).reports(on: events).filter { index == nil || $0.index == index }
    }

    private func rules(of decision: DeliveryDecision) async throws(StoreError) -> Rules? {
        // A delivery of a version that noted no revision may have runs, which always did.
        guard let revision = decision.revision ?? decision.runs.first?.revision else {
            return present.map { Rules(ruleSet: $0.ruleSet, name: "\($0.name), which may not be those of its time") }
        }
        guard let stored = try await queries.ruleSet(revision), let ruleSet = load(stored) else {
            return present.map {
                Rules(ruleSet: $0.ruleSet, name: "\($0.name), since those of its time (\(revision)) are not usable")
            }
        }
        return Rules(ruleSet: ruleSet, name: "revision \(revision)")
    }
}
