import Rules

/// The report for people.
extension RuleTestReport {
    /// A line for each test, what went wrong below it, then the coverage and a summary; no newline at the end.
    ///
    /// `minCoverage` is the percentage that is asked for, to be told when it is not reached.
    package func text(minCoverage: Int? = nil) -> String {
        if diagnostics.hasErrors { return diagnostics.rendered + "\n\nno test was run" }
        var lines: [String] = []
        for result in results {
            let place = "\(result.place.file):\(result.place.line)"
            lines.append("\(result.isPassed ? "ok   " : "FAIL ") \(place) \(Self.printable(result.name))")
            for (index, failure) in result.failures.enumerated() {
                lines += Self.lines(of: failure)
                // Several expectations of one step have one reason.
                let next = result.failures.dropFirst(index + 1).first
                if next?.at != failure.at || next?.why != failure.why { lines += Self.reasons(of: failure) }
            }
        }
        lines += coverageLines
        let failed = results.count { !$0.isPassed }
        lines.append(
            "tests: \(results.count - failed) ok, \(failed) failed; rules: \(coverage.matchedRules) of \(coverage.rules.count) matched; "
                + "conditions: \(coverage.coveredConditions) of \(coverage.conditions) seen true and false; coverage \(coverage.percent) %"
        )
        if let minCoverage, coverage.percent < minCoverage {
            lines.append("coverage is below \(minCoverage) %")
        }
        return lines.joined(separator: "\n")
    }

    /// What is wrong, a line each: findings about files, or expectations that were not met; empty when the report is green.
    package var complaints: [String] {
        let errors = diagnostics.filter { $0.severity == .error }
        if !errors.isEmpty {
            return errors.map { "\($0.file):\($0.line):\($0.column): " + Self.printable($0.message) }
        }
        return results.flatMap { result in
            result.failures.map { failure in
                let place = "\(failure.place.file):\(failure.place.line):\(failure.place.column)"
                let what = "\(failure.title): expected \(failure.expected), happened \(failure.happened)"
                return Self.printable("\(place): test \"\(result.name)\" at \(YAMLDuration.text(failure.at)), \(what)")
            }
        }
    }

    private static func lines(of failure: RuleTestFailure) -> [String] {
        let place = failure.place
        let number = String(place.line)
        let gutter = String(repeating: " ", count: number.utf8.count)
        return [
            "  at \(YAMLDuration.text(failure.at)), \(failure.title):",
            "  \(gutter)--> \(place.file):\(place.line):\(place.column)",
            "  \(number) | \(printable(place.sourceLine))",
            "    expected: \(printable(failure.expected))",
            "    happened: \(printable(failure.happened))",
        ]
    }

    private static func reasons(of failure: RuleTestFailure) -> [String] {
        failure.why.isEmpty ? [] : ["    why:"] + failure.why.map { "      \(printable($0))" }
    }

    private var coverageLines: [String] {
        var lines: [String] = []
        for rule in coverage.rules {
            let gaps = rule.conditions.filter { $0.gap != nil }
            if rule.matched > 0, gaps.isEmpty { continue }
            lines.append(
                "untested: \(rule.file):\(rule.line) \(rule.name)" + (rule.matched == 0 ? ": never matched" : ""))
            for condition in gaps {
                lines.append("  \(condition.place) \(condition.gap ?? ""): \(Self.printable(condition.expression))")
            }
        }
        return lines
    }

    /// One line without control characters, which could rewrite what a terminal shows.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.value {
                    case 0x0A, 0x0D, 0x09: " "
                    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
