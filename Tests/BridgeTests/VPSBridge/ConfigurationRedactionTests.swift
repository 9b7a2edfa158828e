import Model
import Rules
import Testing

@testable import VPSBridge

@Suite("Configuration: secrets in findings")
struct ConfigurationRedactionTests {
    private static let path = "T0AB12/s3cr3t"
    private static let url = "https://hooks.example.com/\(path)"

    private static func load(_ text: String) -> ConfigurationFile.Load {
        ConfigurationFile.load(text: text, file: "v.yaml", environment: [:]) { path throws(UnreadableFile) in
            throw UnreadableFile(path: path, reason: "the file can not be read")
        }
    }

    private static func reports(_ load: ConfigurationFile.Load) -> String {
        DiagnosticReport.Format.allCases.map { DiagnosticReport.render(load.diagnostics, format: $0) }.joined(separator: "\n")
    }

    @Test(
        "a secret on the line of another key's finding is struck out of every report",
        arguments: [
            // The text, what the finding says, and what stands at its column.
            ("channels: {c: {kind: slack, url: \(url), bogus: 1}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: {kind: slack, url: \"\(url)\", bogus: 1}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: {kind: slack, url: '\(url)', bogus: 1}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: {bogus: 1, kind: slack, url: \(url)}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: {url: \(url)}}", "needs `kind`", "c"),
            ("channels: {c: {url: \(url), kind: pager}}", "can not be `pager`", "pager"),
            ("channels: {c: {kind: slack, url: \"https:\\/\\/h\\/\(path)\", bogus: 1}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: {kind: slack, url: hooks.example.com/\(path), bogus: 1}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: {kind: slack, ur: \(url)}}", "unknown key `ur`", "ur"),
            ("channels: {c: {kind: slack, ur: hooks.example.com/\(path)}}", "unknown key `ur`", "ur"),
            ("channels: {c: {kind: slack, \(url)}}", "unknown key `<not shown>`", "*"),
            ("channels: {c: {kind: slack, url: [\(url)], bogus: 1}}", "unknown key `bogus`", "bogus"),
            ("channels: {c: \(url)}", "is a mapping", "*"),
            ("channels: \(url)", "`channels` is a mapping", "*"),
            ("channels: {c: {kind: slack, url: &a \(url), bogus: 1}}", "anchors", "*"),
            ("channels: {c: {kind: slack, url: !!str \(url)}}", "tags", "*"),
            ("channels: {c: {kind: slack, url_file: \(url)}}", "can not be read", "*"),
            ("channels: {c: {kind: slack, bogus: 1}} # was \(url)", "unknown key `bogus`", "bogus"),
            ("channels: {c: {kind: telegram, chat_id: 1, base_url: \(url)}}", "`token_file`", "kind"),
            ("heartbeat: {url: \(url), every: 1s}", "`10s` to `1h`", "1s"),
            ("heartbeat: {url: \(url), evry: 60s}", "did you mean `every`", "evry"),
            ("heartbeat: \(url)", "`heartbeat` is a mapping", "*"),
            ("notify: \(url)", "names the channel `<not shown>`", "*"),
            ("api: {token: \(path), bogus: 1}", "unknown key `bogus`", "bogus"),
            ("secrets: {TICKETS: \(path)}", "can not be a secret", "TICKETS"),
            ("sources: {a: {kind: generic, auth: {bearer: \(path)}}}", "exactly one", "bearer"),
            ("outbound: {proxy: \"http://ann:\(path)@h:1\", bogus: 1}", "unknown key `bogus`", "bogus"),
        ])
    func struckOut(text: String, said: String, pointed: String) throws {
        let load = Self.load(text)
        let reports = Self.reports(load)
        #expect(load.configuration == nil && reports.contains(said), "\(reports)")
        #expect(!reports.contains("s3cr3t") && !reports.contains("T0AB12"), "\(reports)")
        let finding = try #require(load.diagnostics.first { "\($0.message) \($0.hint ?? "")".contains(said) })
        #expect(finding.sourceLine.unicodeScalars.dropFirst(finding.column - 1).starts(with: pointed.unicodeScalars))
        #expect(finding.sourceLine.unicodeScalars.count == text.unicodeScalars.count, "columns stay right")
    }

    @Test(
        "a file that is no YAML shows too little rather than too much",
        arguments: [
            "channels: {c: {kind: slack, url: \(url)", "channels:\n  c: {kind: slack, url: \(url)\nlive: true",
            "channels:\n  c:\n    kind: slack\n    url: hooks.example.com/\(path): x",
            "channels:\n  c:\n    kind: slack\n    ur: a: hooks.example.com/\(path)", "heartbeat: {url: \(path), url: b}",
            "heartbeat:\n  url: a\n  url: \(url)", "{channels: {c: {url: hooks.example.com/\(path)}}, live: [}",
            "\u{FEFF}channels: {c: \(path)", "api: {token: \(path)", "live: true: \(url)",
        ])
    func noYAML(text: String) {
        let load = Self.load(text)
        let reports = Self.reports(load)
        #expect(load.configuration == nil && !load.diagnostics.isEmpty)
        #expect(!reports.contains("s3cr3t") && !reports.contains("T0AB12"), "\(reports)")
    }

    @Test("a text over several lines is struck out on each of them")
    func severalLines() {
        let load = Self.load("channels:\n  c: {kind: slack, url:\n    \"https://h/\n    \(Self.path)\", bogus: 1}")
        #expect(load.diagnostics.rendered.contains("unknown key `bogus`"))
        #expect(!Self.reports(load).contains("s3cr3t"))
    }

    @Test(
        "what is no secret is shown",
        arguments: [
            ("api: {base_url: \"https://admin.vps.org/x\"}", "https://admin.vps.org/x"),
            ("channels: {c: {kind: slack, url_file: /run/secrets/slack, bogus: 1}}", "/run/secrets/slack"),
            ("channels: {c: {kind: smtp, server: \"smtp://mail.example.com\", from: a@example.com, bogus: 1}}", "a@example.com"),
            ("channels: {c: {kind: smtp, server: \"smtp://mail.example.com\", bogus: 1}}", "smtp://mail.example.com"),
            ("sources: {am: {kind: alertmanager, auth: none, pull: {url: 'http://am:9093/?a=b'}}}", "http://am:9093/?a=b"),
            ("live: maybe", "live: maybe"),
        ])
    func shown(text: String, part: String) {
        // What a key says that is not known may be a secret under a misspelt name.
        let shown = text.replacing("bogus: 1", with: "bogus: *")
        #expect(Self.load(text).diagnostics.rendered.contains("1 | \(shown)"), "\(part)")
    }
}
