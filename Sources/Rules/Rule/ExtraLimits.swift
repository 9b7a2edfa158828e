import Model

/// `while_firing`: how often a last rung is repeated.
package struct WhileFiring: Sendable, Hashable {
    /// From the end of one to the next.
    package let every: Duration
    /// How often at most, the first not counted.
    package let max: Int
}

/// What `limits` of a rule holds besides what a floor can set.
struct ExtraLimits {
    var maxUnhealthy: MaxUnhealthy?
    var after: [String: Duration] = [:]
    var key: RuleExpression?
}
