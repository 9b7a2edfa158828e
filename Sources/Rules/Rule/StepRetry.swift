/// How a failed step is tried again: exponential delays with full jitter.
package struct StepRetry: Sendable, Hashable {
    /// The most tries that may be asked for, the first included.
    package static let attemptsRange = 1...10
    /// The statuses that are tried again unless the rule names others.
    package static let defaultStatuses: Set<Int> = [429, 500, 502, 503, 504]

    /// How many tries there are at most, the first included.
    package let attempts: Int
    /// The longest delay before the second try; doubled for each further one. Default 1 s.
    package let initialDelay: Duration
    /// No delay is longer. Default 30 s.
    package let maxDelay: Duration
    /// The answers after which it is tried again; a request that was not sent is always tried again.
    package let statuses: Set<Int>
}

/// What answer counts as success.
package struct StepExpectation: Sendable, Hashable {
    /// 200 to 299.
    package static let standard = StepExpectation(statuses: Set(200...299))

    /// HTTP statuses, 100 to 599.
    package let statuses: Set<Int>
}

/// What is waited for after a step, before the next.
package struct StepWait: Sendable, Hashable {
    /// The server's status, as the API gives it. Default `active`.
    package let status: String
    /// How long at most. Default 10 minutes.
    package let timeout: Duration
}
