import Testing

@testable import Rules

/// A wrong rule file and what is said about it.
struct RulesMessageCase: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    /// All findings as they are printed, without the lines that every finding has.
    let expected: String

    init(_ name: String, _ text: String, _ expected: String) {
        self.name = name
        self.text = text
        self.expected = expected
    }

    var testDescription: String { name }

    var actual: String {
        let rendered = RulesFixture.load(
            text, sources: ["alertmanager", "slack"], secrets: ["TOKEN", "TICKETS"]
        ).diagnostics.rendered
        let lines = rendered.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !line.hasSuffix(" |") || line.contains("-->")
        }
        return lines.filter { !$0.contains(" = explain: ") }.joined(separator: "\n")
    }
}
