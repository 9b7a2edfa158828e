import Model

/// A bridge with one guard left out: what proves that the histories would notice.
struct ProofMutant: Sendable {
    /// A piece of a statement, and what stands in its place.
    struct Edit: Sendable {
        let text: String
        let replacement: String

        init(_ text: String, _ replacement: String) {
            self.text = text
            self.replacement = replacement
        }
    }

    /// What is missing.
    let name: String
    /// What the oracle has to say of it, in part.
    let seenAs: String
    var edits: [Edit] = []
    /// Run on the store when it is opened.
    var scripts: [String] = []
    /// What the engine is told in place of the truth, which the oracle keeps.
    var settings: @Sendable (inout ProofSettings) -> Void = { _ in }
}

extension ProofMutant {
    /// What the ledger of the simulated VPS.org has to show.
    static let ledger: [ProofMutant] = [
        ProofMutant(
            name: "an intent survives its process", seenAs: "of one action",
            edits: [Edit("EXISTS (SELECT 1 FROM intents i WHERE i.run = r.id AND i.outcome IS NULL)", "0")],
            scripts: ["DROP INDEX intents_open"]),
        ProofMutant(
            name: "a worker that was taken for dead is fenced", seenAs: "of one action",
            edits: [
                Edit("SET epoch = epoch + 1, lease_until = NULL", "SET lease_until = NULL"),
                Edit("SET epoch = epoch + 1, lease_until = ?", "SET lease_until = ?"),
            ]),
        ProofMutant(
            name: "a stop owes its start", seenAs: "left stopped",
            edits: [
                Edit(
                    "FROM intents i WHERE i.run = ? ORDER BY i.id DESC", "FROM intents i WHERE 0 AND i.run = ? ORDER BY i.id DESC"
                )
            ]),
        ProofMutant(
            name: "a create is remembered with its name", seenAs: "servers where 2 were asked for",
            edits: [
                Edit(
                    "INSERT INTO run_progress (run, progress) VALUES (?, ?)",
                    "INSERT INTO run_progress (run, progress) SELECT ?, ? WHERE 0")
            ]),
    ]
}

extension ProofMutant {
    static let all: [ProofMutant] = [
        ProofMutant(
            name: "lane", seenAs: "in flight",
            edits: [Edit("SELECT r.id FROM runs r WHERE r.lane = ?", "SELECT r.id FROM runs r WHERE 0 AND r.lane = ?")],
            scripts: ["DROP INDEX runs_lane"], settings: { $0.limits.cooldown = .zero }),
        ProofMutant(
            name: "max_concurrent", seenAs: "at work at once",
            edits: [Edit("AND state <> 'parked' AND id <> ?", "AND 0 AND id <> ?")]),
        ProofMutant(
            name: "cooldown", seenAs: "inside its cooldown",
            edits: [
                Edit("SELECT max(created_at) FROM intents WHERE lane", "SELECT max(created_at) FROM intents WHERE 0 AND lane"),
                Edit(
                    "SELECT max(r.finished_at) FROM runs r WHERE r.lane",
                    "SELECT max(r.finished_at) FROM runs r WHERE 0 AND r.lane"),
            ]),
        ProofMutant(
            name: "cooldown from the end of the run", seenAs: "inside its cooldown",
            edits: [
                Edit(
                    "SELECT max(r.finished_at) FROM runs r WHERE r.lane",
                    "SELECT max(r.finished_at) FROM runs r WHERE 0 AND r.lane")
            ]),
        ProofMutant(
            name: "budget of a server", seenAs: "actions on 10",
            edits: [
                Edit("FROM intents WHERE lane = ? AND created_at > ?", "FROM intents WHERE 0 AND lane = ? AND created_at > ?")
            ]),
        ProofMutant(
            name: "budget of the fleet", seenAs: "on the fleet",
            edits: [Edit("FROM intents WHERE true AND", "FROM intents WHERE false AND")]),
        ProofMutant(
            name: "an intent of unknown outcome spends", seenAs: "actions on",
            edits: [Edit("outcome IS NOT 'not_executed'", "outcome = 'applied'")]),
        ProofMutant(
            name: "the problem's end, in the transaction of the intent", seenAs: "which is over",
            edits: [Edit("SELECT 1 FROM episodes e WHERE e.id = ? AND", "SELECT 1 FROM episodes e WHERE 0 AND e.id = ? AND")]),
        ProofMutant(
            name: "a resolve ends its episode", seenAs: "which is over",
            edits: [
                Edit(
                    "UPDATE episodes SET closed_at = ?, ending = ? WHERE id = ?",
                    "UPDATE episodes SET closed_at = ?, ending = ? WHERE 0 AND id = ?")
            ],
            scripts: ["DROP INDEX episodes_open"]),
        ProofMutant(name: "fresh evidence", seenAs: "s old", settings: { $0.limits.maxEventAge = .seconds(1_000_000) }),
        ProofMutant(name: "settle", seenAs: "after", settings: { $0.limits.settle = .zero }),
        ProofMutant(
            name: "for", seenAs: "after", settings: { $0.rules = ProofRule.text.replacing("    for: 2m\n", with: "") }),
        ProofMutant(name: "protected servers", seenAs: "protected", settings: { $0.protected = [] }),
        ProofMutant(
            name: "the server that was meant", seenAs: "not meant",
            settings: { $0.rules = ProofRule.text.replacing("target: event.labels.server", with: "target: \"'web-1'\"") }),
        ProofMutant(
            name: "an intent survives its process", seenAs: "a second time",
            edits: [Edit("EXISTS (SELECT 1 FROM intents i WHERE i.run = r.id AND i.outcome IS NULL)", "0")],
            scripts: ["DROP INDEX intents_open"]),
        ProofMutant(
            name: "a stop owes its start", seenAs: "was left",
            edits: [
                Edit(
                    "FROM intents i WHERE i.run = ? ORDER BY i.id DESC", "FROM intents i WHERE 0 AND i.run = ? ORDER BY i.id DESC"
                )
            ]),
        ProofMutant(
            name: "one run of a rule for a problem", seenAs: "two runs of",
            scripts: ["DROP INDEX runs_rule_episode"]),
        ProofMutant(
            name: "a repeat keeps a problem fresh", seenAs: "forgotten",
            edits: [
                Edit(
                    "UPDATE episodes SET last_seen_at = ?, starts_at = ? WHERE id = ?",
                    "UPDATE episodes SET last_seen_at = ?, starts_at = ? WHERE 0 AND id = ?")
            ]),
        ProofMutant(
            name: "a repeat wakes what is held", seenAs: "forgotten",
            edits: [Edit("AND ((state = 'held' AND", "AND 0 AND ((state = 'held' AND")]),
        ProofMutant(
            name: "a problem stays open while it is spoken of", seenAs: "forgotten",
            settings: { $0.episodeTimeout = .seconds(20) }),
    ]
}
