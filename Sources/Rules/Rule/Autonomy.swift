/// Who decides that a rule acts.
package enum Autonomy: String, Sendable, CaseIterable {
    /// Nothing is changed; the bridge says what it would do.
    case observe
    /// A person is asked before the first rung. The default of a rule that does more than notify.
    case approve
    /// The rule acts by itself, within its limits.
    case auto
}
