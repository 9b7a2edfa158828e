/// A rule that an event made speak: it matched, a key was missing, or a condition could not be evaluated.
package struct RuleMatch: Sendable {
    /// The rule.
    package let rule: Rule
    /// Never ``Verdict/noMatch``.
    package let verdict: Verdict
}
