package import Rules

/// What came of running rule tests.
package struct RuleTestReport: Sendable {
    /// What is wrong with the test files, or with rule files that they name; with an error among them no test was run.
    package var diagnostics: [Diagnostic]
    /// In the order of the files and of their place in them.
    package var results: [RuleTestResult]
    /// Every rule that was there to be tested.
    package var coverage: RuleCoverage

    /// Whether the files are right and no test failed; also when there are no tests.
    package var isGreen: Bool { !diagnostics.hasErrors && results.allSatisfy(\.isPassed) }
}

/// What came of one test.
package struct RuleTestResult: Sendable, Hashable {
    package var name: String
    /// Where its name stands.
    package var place: RuleTestPlace
    /// At most ``RuleTestLimits/failures`` and those of one step more; empty when it passed.
    package var failures: [RuleTestFailure]

    package var isPassed: Bool { failures.isEmpty }
}

/// One expectation that was not met.
package struct RuleTestFailure: Sendable, Hashable {
    /// Where the expectation stands.
    package var place: RuleTestPlace
    /// The step's instant, since the test's start.
    package var at: Duration
    /// The expectation's key, such as `actions`.
    package var title: String
    package var expected: String
    package var happened: String
    /// What each condition said and what the engine did since the step before.
    package var why: [String]

    /// The test could not be brought to its end.
    static func fault(_ message: String, at: Duration, place: RuleTestPlace) -> RuleTestFailure {
        RuleTestFailure(place: place, at: at, title: "test", expected: "to come to its end", happened: message, why: [])
    }
}
