package import Model
package import Rules

/// What a rule's `when_server` said about the server that a run was about to act on.
package struct ServerJudgement: Sendable {
    package let run: RunID
    package let rule: Rule
    package let verdict: Verdict
    /// The conditions that were evaluated, in their order.
    package let conditions: [ConditionResult]
}
