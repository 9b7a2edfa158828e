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
    /// Whether it leaves anything out: of the statements, or of what the engine is told in some history.
    var changesAnything: Bool {
        if !edits.isEmpty || !scripts.isEmpty { return true }
        return (1...400 as ClosedRange<UInt64>).contains { seed in
            let settings = ProofHistory.settings(seed: seed)
            var told = settings
            self.settings(&told)
            return !"\(told)".utf8.elementsEqual("\(settings)".utf8)
        }
    }

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
                Edit("SET epoch = epoch + 1, lease_until = ?", "SET epoch = 1, lease_until = ?"),
                Edit("r.attempts, r.epoch, r.is_urgent", "r.attempts, 0, r.is_urgent"),
            ]),
        ProofMutant(
            name: "a stop owes its start", seenAs: "left stopped",
            edits: [
                Edit(
                    "FROM intents i WHERE i.run = ? ORDER BY i.id DESC", "FROM intents i WHERE 0 AND i.run = ? ORDER BY i.id DESC"
                )
            ]),
        ProofMutant(
            name: "a create is remembered with its server", seenAs: "taken for gone",
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
                    "FROM runs r WHERE r.lane = ? AND r.id <> ? AND r.finished_at > ?",
                    "FROM runs r WHERE 0 AND r.lane = ? AND r.id <> ? AND r.finished_at > ?"),
            ]),
        ProofMutant(
            name: "cooldown from the end of the run", seenAs: "inside its cooldown",
            edits: [
                Edit(
                    "FROM runs r WHERE r.lane = ? AND r.id <> ? AND r.finished_at > ?",
                    "FROM runs r WHERE 0 AND r.lane = ? AND r.id <> ? AND r.finished_at > ?")
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
            name: "a first rung belongs to its own occurrence", seenAs: "earlier occurrence",
            edits: [
                Edit(
                    "SELECT 1 FROM episodes e WHERE e.id = ? AND e.closed_at IS NOT NULL",
                    """
                    SELECT 1 FROM episodes e WHERE e.id = ? AND NOT EXISTS (
                        SELECT 1 FROM episodes o WHERE o.source = e.source AND o.fingerprint = e.fingerprint AND o.closed_at IS NULL)
                    """)
            ]),
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
        ProofMutant(name: "storm", seenAs: "in a storm", settings: { $0.limits.storm = .never }),
        ProofMutant(
            name: "storm in the transaction of the intent", seenAs: "in a storm",
            edits: [Edit("FROM fleet_states ORDER BY kind DESC", "FROM fleet_states WHERE kind <> 'storm' ORDER BY kind DESC")]),
        ProofMutant(
            name: "a storm lasts until it was quiet", seenAs: "in a storm",
            settings: { told in told.limits.storm = StormThreshold(servers: told.limits.storm.servers, quiet: .seconds(1)) }),
        ProofMutant(name: "max_unhealthy", seenAs: "were unhealthy", settings: { $0.limits.maxUnhealthy = [] }),
        ProofMutant(
            name: "flapping", seenAs: "times", settings: { $0.limits.flaps = Budget(max: 1_000, per: .seconds(3_600)) }),
        ProofMutant(name: "boot_grace", seenAs: "boot grace", settings: { $0.limits.bootGrace = .zero }),
        ProofMutant(name: "maintenance", seenAs: "in its maintenance", settings: { $0.maintenance = [] }),
        ProofMutant(
            name: "pauses", seenAs: "during a pause",
            edits: [
                Edit(
                    "lifted_at IS NULL AND (until IS NULL OR until > ?) ORDER BY id",
                    "lifted_at IS NULL AND (until IS NULL OR until > ?) AND id < 0 ORDER BY id")
            ]),
        ProofMutant(
            name: "limits.after", seenAs: "too soon after",
            edits: [
                Edit("AND i.created_at > ? AND r.rule = ?", "AND 0 AND i.created_at > ? AND r.rule = ?"),
                Edit("AND r.finished_at > ? AND r.rule = ?", "AND 0 AND r.finished_at > ? AND r.rule = ?"),
            ]),
        ProofMutant(
            name: "a server belongs to the person at work", seenAs: "while a person",
            edits: [Edit("FROM people_at_work WHERE server", "FROM people_at_work WHERE 0 AND server")]),
    ]
}
