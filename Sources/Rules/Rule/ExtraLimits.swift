/// `max_unhealthy`: how many of the servers that a rule can name may have a problem before it does nothing.
package enum MaxUnhealthy: Sendable, Hashable {
    case count(Int)
    /// 1 to 100; rounded down, never below one server.
    case percent(Int)

    /// As it is written in a file.
    package var text: String {
        switch self {
        case .count(let number): String(number)
        case .percent(let number): "\(number)%"
        }
    }
}

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
