import JSON
import Testing

@testable import Rules

@Suite("rules: findings as JSON, SARIF and annotations")
struct RulesReportTests {
    private static let findings: [Diagnostic] = [
        Diagnostic(
            severity: .warning, code: .unknownKey, file: "rules/a b,c:d%.yaml", line: 3, column: 7, length: 4,
            sourceLine: "\ta: \"x\"",
            message: "unknown key `a`, 100 %: no\r\n", hint: "did you mean `b`?"),
        Diagnostic(code: .yamlSyntax, file: "/etc/r.yaml", line: 1, column: 1, sourceLine: "", message: "\u{1F600} \u{0}"),
        Diagnostic(code: .unknownKey, file: "rules/a b,c:d%.yaml", line: 1, column: 2, sourceLine: "x", message: "m"),
    ]

    @Test("every renderer's output of every code reads back", arguments: DiagnosticReport.Format.allCases)
    func parses(_ format: DiagnosticReport.Format) throws {
        let all = DiagnosticCode.allCases.map {
            Diagnostic(code: $0, file: "f.yaml", line: 1, column: 1, sourceLine: "x", message: "m", hint: "h")
        }
        for findings in [Self.findings, all, []] {
            let text = DiagnosticReport.render(findings, format: format)
            switch format {
            case .json: #expect(try JSONValue.parse(Array(text.utf8))["diagnostics"]?.arrayValue?.count == findings.count)
            case .sarif:
                let run = try JSONValue.parse(Array(text.utf8))["runs"]?.arrayValue?.first
                #expect(run?["results"]?.arrayValue?.count == findings.count)
            case .github:
                #expect(text.split(separator: "\n").count == findings.count)
                #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("::error ") || $0.hasPrefix("::warning ") })
            case .text: #expect(text == findings.rendered)
            }
        }
    }

    @Test("JSON has stable names")
    func json() throws {
        let report = DiagnosticReport.json(Self.findings)
        #expect(report["version"] == 1 && report["errors"] == 2 && report["warnings"] == 1)
        let finding = try #require(report["diagnostics"]?.arrayValue?[1])
        #expect(
            finding.objectValue?.members.map(\.name)
                == ["severity", "code", "file", "line", "column", "length", "message", "hint", "source_line", "explanation"])
        #expect(finding["severity"] == "warning" && finding["code"] == "R012" && finding["line"] == 3 && finding["column"] == 7)
        #expect(finding["explanation"]?.stringValue == DiagnosticCode.unknownKey.explanation)
    }

    @Test("SARIF names each rule once, with help, and points at the place")
    func sarif() throws {
        let report = SARIFReport.json(Self.findings)
        #expect(report["version"] == "2.1.0")
        let run = try #require(report["runs"]?.arrayValue?.first)
        let rules = try #require(run["tool"]?["driver"]?["rules"]?.arrayValue)
        #expect(rules.map { $0["id"]?.stringValue } == ["R001", "R012"])
        #expect(rules.allSatisfy { $0["help"]?["text"]?.stringValue?.contains("vpsbridge explain") == true })
        let results = try #require(run["results"]?.arrayValue)
        #expect(results.map { $0["ruleIndex"]?.intValue } == [1, 1, 0])
        #expect(results.map { $0["level"]?.stringValue } == ["error", "warning", "error"])
        let place = try #require(results[1]["locations"]?.arrayValue?.first?["physicalLocation"])
        #expect(place["artifactLocation"]?["uri"] == "rules/a%20b%2Cc%3Ad%25.yaml")
        #expect(place["region"]?["startLine"] == 3 && place["region"]?["startColumn"] == 7 && place["region"]?["endColumn"] == 11)
        #expect(
            results[2]["locations"]?.arrayValue?.first?["physicalLocation"]?["artifactLocation"]?["uri"] == "file:///etc/r.yaml")
    }

    @Test("an annotation escapes what would end it")
    func github() {
        let lines = DiagnosticReport.render(Self.findings, format: .github).split(separator: "\n").map(String.init)
        #expect(
            lines[1]
                == "::warning file=rules/a b%2Cc%3Ad%25.yaml,line=3,col=7,endColumn=11,title=R012 vpsbridge::"
                + "unknown key `a`, 100 %25: no%0D%0A%0Adid you mean `b`?")
    }
}
