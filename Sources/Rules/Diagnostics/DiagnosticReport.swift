package import JSON

/// Findings in the forms that `check` prints.
package enum DiagnosticReport {
    /// A form of output.
    package enum Format: String, Sendable, CaseIterable {
        /// For people: source line, caret, hint.
        case text
        /// One document: `{"diagnostics": [...]}`.
        case json
    }

    /// All findings in one text, by file, line and column; no newline at the end. Without findings, text is empty.
    package static func render(_ diagnostics: [Diagnostic], _ format: Format) -> String {
        switch format {
        case .text: diagnostics.rendered
        case .json: JSONValue.object(["diagnostics": .array(diagnostics.sortedByPosition.map(\.json))]).description
        }
    }
}

extension Diagnostic {
    /// The finding as an object; `text` is what `check` prints.
    package var json: JSONValue {
        [
            "severity": .string(severity.rawValue), "code": .string(code.rawValue), "file": .string(file),
            "line": .int(Int64(line)), "column": .int(Int64(column)), "length": .int(Int64(length)),
            "message": .string(message), "hint": hint.map { .string($0) } ?? .null, "text": .string(rendered),
        ]
    }
}
