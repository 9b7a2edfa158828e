import Rules

/// Runs rule tests: the engine that serves live, on a virtual clock, with a fleet in memory, and without a socket.
package enum RuleTests {
    /// Reads the test files and the rules that they name, runs the tests, and says what came of it.
    ///
    /// Opens no connection, reads no file but through the request, and writes none. Bounded by ``RuleTestLimits``. The same
    /// request gives the same report. May be called from any task; several tests run at once.
    package static func run(_ request: RuleTestRequest) async -> RuleTestReport {
        let read = read(request)
        guard !read.diagnostics.hasErrors else {
            return RuleTestReport(
                diagnostics: read.diagnostics, results: [], coverage: RuleCoverage(read.ruleSets, CoverageTally()))
        }
        let tests = read.tests.filter { test in request.filter.map { test.name.contains($0) } ?? true }
        let share = RuleTestLimits.stepsOfOneTest
        let steps = min(
            request.maxSteps, share.upperBound, max(share.lowerBound, RuleTestLimits.engineSteps / max(1, tests.count)))
        var outcomes: [Int: (result: RuleTestResult, tally: CoverageTally)] = [:]
        await withTaskGroup(of: (Int, RuleTestResult, CoverageTally).self) { group in
            for (index, test) in tests.enumerated() {
                if index >= concurrency, let done = await group.next() { outcomes[done.0] = (done.1, done.2) }
                group.addTask {
                    let outcome = await RuleTestRun.run(test, steps: steps)
                    return (index, outcome.result, outcome.tally)
                }
            }
            for await done in group { outcomes[done.0] = (done.1, done.2) }
        }
        var tally = CoverageTally()
        var results: [RuleTestResult] = []
        for index in tests.indices {
            guard let outcome = outcomes[index] else { continue }
            results.append(outcome.result)
            tally.add(outcome.tally)
        }
        return RuleTestReport(
            diagnostics: read.diagnostics, results: results, coverage: RuleCoverage(read.ruleSets, tally))
    }

    /// How many tests run at once; each has a store of its own.
    private static let concurrency = 4

    private static func read(_ request: RuleTestRequest) -> (tests: [RuleTest], ruleSets: [RuleSet], diagnostics: [Diagnostic]) {
        let collector = DiagnosticCollector()
        let cache = RuleSetCache(request)
        let reader = RuleTestFileReader(request: request, rules: cache, collector: collector)
        var tests: [RuleTest] = []
        for file in request.tests {
            tests += reader.read(file)
            if tests.count > RuleTestLimits.tests {
                collector.report(
                    YAMLSource(file: file.name, text: file.text).diagnostic(
                        .outOfRange, line: 1, column: 1, "there are more than \(RuleTestLimits.tests) tests in all files together"
                    ))
                break
            }
        }
        var ruleSets = tests.map(\.ruleSet)
        // Rules that no test names count too: they are what is not tested.
        if let all = cache.everything() { ruleSets.append(all) }
        return (tests, ruleSets, collector.diagnostics)
    }
}
