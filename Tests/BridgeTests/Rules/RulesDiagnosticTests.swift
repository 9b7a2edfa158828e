import Model
import Testing

@testable import Rules

@Suite("rules: diagnostics")
struct RulesDiagnosticTests {
    @Test("the whole form of a finding")
    func wholeForm() {
        let load = RulesFixture.load(RulesFixture.alertRule("limits: {cooldwn: 1h}"))
        #expect(load.ruleSet == nil)
        #expect(
            load.diagnostics.rendered == """
                error[R012]: unknown key `cooldwn` in `limits` of rule `host-down`
                  --> rules/web.yaml:10:14
                   |
                10 |     limits: {cooldwn: 1h}
                   |              ^^^^^^^ did you mean `cooldown`?
                   = explain: vpsbridge explain R012
                """)
    }

    @Test("all findings of all files in one pass, in the order of their places")
    func onePass() {
        let first =
            "version: 1\nrules:\n  - name: a\n    trigger: nope\n    when: event.lables.x == 1\n"
            + "    autonomy: auto\n    actions: [reboot]\n"
        let second = "version: 1\nrulez: []\n"
        let load = RuleSet.load(
            [RuleSource(name: "a.yaml", text: first), RuleSource(name: "b.yaml", text: second)],
            revision: RuleSetRevision(rawValue: "r"), sources: ["alertmanager"], floor: Limits())
        let found = load.diagnostics.map { "\($0.file):\($0.line) \($0.code.rawValue)" }
        #expect(found == ["a.yaml:4 R041", "a.yaml:5 R022", "a.yaml:7 R013", "b.yaml:1 R011", "b.yaml:2 R012"])
    }

    @Test("control characters and long carets can not disturb a terminal")
    func terminal() {
        let finding = Diagnostic(
            code: .wrongKind, file: "f", line: 1, column: 2, length: 10_000, sourceLine: "a\u{1B}[2J\tb", message: "m\u{9B}",
            hint: "h\u{7}")
        #expect(!finding.rendered.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" || $0.value == 0x9B })
        #expect(finding.rendered.utf8.count < 200)
    }

    @Test("every code has one explanation and codes are unique")
    func codes() {
        #expect(Set(DiagnosticCode.allCases.map(\.rawValue)).count == DiagnosticCode.allCases.count)
        for code in DiagnosticCode.allCases {
            #expect(code.explanation.hasSuffix("."), "\(code)")
            #expect(!code.explanation.contains("\n"), "\(code)")
        }
    }

    @Test(
        "near names",
        arguments: [
            ("cooldwn", "cooldown"), ("lables", "labels"), ("startswith", "startsWith"), ("Cooldown", "cooldown"),
            ("max-event-age", "max_event_age"), ("xyz", nil), ("", nil),
        ] as [(String, String?)])
    func nearNames(_ written: String, _ meant: String?) {
        #expect(Suggestion.nearest(to: written, among: ["cooldown", "labels", "startsWith", "max_event_age"]) == meant)
    }
}
