/// What a run of rule tests is bounded by: test files are written by people, and a reload waits for them.
package enum RuleTestLimits {
    /// Tests of one run, over all files.
    package static let tests = 1_000
    /// Steps of one test's timeline.
    package static let steps = 500
    /// Servers of one test.
    package static let servers = 1_000
    /// How often an event can be repeated.
    package static let repeats = 500
    /// Deliveries of one test, repeats counted.
    package static let deliveries = 5_000
    /// How far a timeline may reach.
    package static let span = Duration.seconds(31 * 86_400)
    /// Bytes of a recorded body.
    package static let bodyBytes = 1_048_576
    /// How often the engine may be stepped in all tests of a run together: each has an equal share within
    /// ``stepsOfOneTest``. A run that waits for its effect is stepped every 5 seconds.
    static let engineSteps = 200_000
    /// The least and the most that the share of one test can be.
    static let stepsOfOneTest = 500...5_000
    /// Expectations that are told in full for one test.
    static let failures = 20
}
