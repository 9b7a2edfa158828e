package import JSON

/// Findings in the forms that people and programs read. Pure.
package enum DiagnosticReport {
    /// How findings are written.
    package enum Format: String, Sendable, CaseIterable {
        /// With source line and caret, for people.
        case text
        /// One object with stable names.
        case json
        /// SARIF 2.1.0 (OASIS), which code scanning reads.
        case sarif
        /// Annotations of GitHub Actions, one line each.
        case github
    }

    /// All findings in that form, in the order of file, line and column; no newline at the end.
    package static func render(_ diagnostics: [Diagnostic], format: Format) -> String {
        switch format {
        case .text: diagnostics.rendered
        case .json: text(json(diagnostics))
        case .sarif: text(SARIFReport.json(diagnostics))
        case .github: diagnostics.sortedByPosition.map { GitHubAnnotation.line($0) }.joined(separator: "\n")
        }
    }

    /// `{"version": 1, "errors": n, "warnings": n, "diagnostics": [{severity, code, file, line, column, length, message, hint,
    /// source_line, explanation}]}`; `hint` is left out when there is none.
    package static func json(_ diagnostics: [Diagnostic]) -> JSONValue {
        let errors = diagnostics.count { $0.severity == .error }
        return [
            "version": 1, "errors": .int(Int64(errors)), "warnings": .int(Int64(diagnostics.count - errors)),
            "diagnostics": .array(diagnostics.sortedByPosition.map { object($0) }),
        ]
    }

    private static func object(_ finding: Diagnostic) -> JSONValue {
        var object: JSONObject = [
            "severity": .string(finding.severity.rawValue), "code": .string(finding.code.rawValue), "file": .string(finding.file),
            "line": .int(Int64(finding.line)), "column": .int(Int64(finding.column)), "length": .int(Int64(finding.length)),
            "message": .string(finding.message),
        ]
        if let hint = finding.hint { object.members.append(JSONObject.Member(name: "hint", value: .string(hint))) }
        object.members += [
            JSONObject.Member(name: "source_line", value: .string(finding.sourceLine)),
            JSONObject.Member(name: "explanation", value: .string(finding.code.explanation)),
        ]
        return .object(object)
    }

    private static func text(_ value: JSONValue) -> String {
        String(decoding: value.serialized(pretty: true), as: UTF8.self)
    }
}
