package import Model
package import Rules

/// What became of one reload.
package struct ReloadOutcome: Sendable {
    /// Whether the rules in the folder are now those in force.
    package enum Verdict: Sendable, Hashable {
        /// They were swapped in.
        case taken
        /// They were in force already.
        case unchanged
        /// They were not taken; why, on one line. What was in force stays so.
        case refused(String)
    }

    /// Whether they were taken.
    package var verdict: Verdict
    /// The revision in force after it.
    package var revision: RuleSetRevision
    /// How many rules that has.
    package var rules: Int
    /// What was found in the files that were tried, warnings of a set that was taken included.
    package var diagnostics: [Diagnostic]

    /// Whether the rules in the folder are those in force now.
    package var isTaken: Bool {
        if case .refused = verdict { false } else { true }
    }
}

/// How reloading stands, for metrics.
package struct ReloadStatus: Sendable, Hashable {
    /// Whether the last reload was taken; a start counts as one.
    package var isSuccessful: Bool
    /// When rules were last taken, or found to be those in force.
    package var lastSuccessAt: Timestamp
    /// The revision in force.
    package var revision: RuleSetRevision
    /// How many rules it has.
    package var rules: Int

    /// A status; times come from whoever knows them.
    package init(isSuccessful: Bool, lastSuccessAt: Timestamp, revision: RuleSetRevision, rules: Int) {
        self.isSuccessful = isSuccessful
        self.lastSuccessAt = lastSuccessAt
        self.revision = revision
        self.rules = rules
    }
}
