package import JSON
import Rules

/// The report for programs.
extension RuleTestReport {
    /// `{ok, diagnostics, tests, coverage}`; times are milliseconds since the test's start.
    package var json: JSONValue {
        [
            "ok": .bool(isGreen), "diagnostics": .array(diagnostics.sortedByPosition.map { Self.json($0) }),
            "tests": .array(results.map(\.json)), "coverage": coverage.json,
        ]
    }

    private static func json(_ finding: Diagnostic) -> JSONValue {
        [
            "severity": .string(finding.severity.rawValue), "code": .string(finding.code.rawValue), "file": .string(finding.file),
            "line": .int(Int64(finding.line)), "column": .int(Int64(finding.column)), "message": .string(finding.message),
            "hint": finding.hint.map { .string($0) } ?? .null,
        ]
    }
}

extension RuleTestResult {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "file": .string(place.file), "line": .int(Int64(place.line)), "ok": .bool(isPassed),
            "failures": .array(failures.map(\.json)),
        ]
    }
}

extension RuleTestFailure {
    fileprivate var json: JSONValue {
        [
            "file": .string(place.file), "line": .int(Int64(place.line)), "column": .int(Int64(place.column)),
            "at": .int(at.wholeMilliseconds), "expectation": .string(title), "expected": .string(expected),
            "happened": .string(happened), "why": .array(why.map { .string($0) }),
        ]
    }
}

extension RuleCoverage {
    fileprivate var json: JSONValue {
        [
            "percent": .int(Int64(percent)),
            "rules": .array(
                rules.map { rule in
                    [
                        "rule": .string(rule.name), "file": .string(rule.file), "line": .int(Int64(rule.line)),
                        "matched": .int(Int64(rule.matched)), "conditions": .array(rule.conditions.map(\.json)),
                    ]
                }),
        ]
    }
}

extension RuleCoverage.Condition {
    fileprivate var json: JSONValue {
        [
            "place": .string(place), "expression": .string(expression), "true": .int(Int64(wasTrue)),
            "false": .int(Int64(wasFalse)), "no_value": .int(Int64(hadNoValue)), "covered": .bool(gap == nil),
        ]
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
