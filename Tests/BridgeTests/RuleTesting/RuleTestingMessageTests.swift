import RuleTesting
import Rules
import Testing

/// A step that is wrongly written, and everything that is said about it: `column code message (hint)`.
struct RuleTestingMessageCase: Sendable, CustomTestStringConvertible {
    let step: String
    let findings: [String]
    var testDescription: String { step }

    init(_ step: String, _ findings: String...) {
        self.step = step
        self.findings = findings
    }
}

@Suite("rule tests: what is said about wrong files")
struct RuleTestingMessageTests {
    private typealias Fixture = RuleTestingFixture

    private func findings(_ report: RuleTestReport) -> [String] {
        report.diagnostics.map { finding in
            "\(finding.column) \(finding.code.rawValue) \(finding.message)" + (finding.hint.map { " (\($0))" } ?? "")
        }
    }

    static let steps = [
        RuleTestingMessageCase(
            "{when: 2m}",
            "10 R012 unknown key `when` in a step (known keys: `at`, `event`, `command`, `approve`, `deny`, `server`, `probe`, `pull`, `api`, `http`, `expect`, `pause`, `resume`, `hold`, `release`)"
        ),
        RuleTestingMessageCase("{at: 2}", "14 R014 `at` has no unit (did you mean `2s`?)"),
        RuleTestingMessageCase("{at: 40d}", "14 R015 a timeline reaches to 31d at most"),
        RuleTestingMessageCase(
            "{actions: []}", "10 R012 unknown key `actions` in a step (it belongs in `expect`: `expect: {actions: …}`)"),
        RuleTestingMessageCase("{event: {labels: {a: b}}}", "18 R011 `event` has no `source`"),
        RuleTestingMessageCase(
            "{event: {source: alertmanger, labels: {a: b}}}",
            "26 R041 there is no source `alertmanger` (did you mean `alertmanager`?)"),
        RuleTestingMessageCase(
            "{event: {source: alertmanager}}",
            "18 R011 `event` takes exactly one of `file`, `body` and `labels` (an alert in short: `labels: {alertname: HostDown}`)"
        ),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, labels: [a]}}", "48 R010 `labels` is a mapping, not a list"),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, labels: {a: [b]}}}", "52 R010 `a` in `labels` is a text, not a list"),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, labels: {a: b}, status: broken}}",
            "64 R013 `status` can not be `broken` (one of `firing`, `resolved`)"),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, body: {}, status: firing}}", "50 R012 `status` goes with `labels` only",
            "18 R013 source `alertmanager` of kind `alertmanager` would refuse it: /version: the bridge reads version \"4\" of Alertmanager's webhook"
        ),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, file: x.json}}",
            "46 R013 the recorded body `x.json` can not be read (paths are relative to the folder of this file; at most 1 MiB)"),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, file: /etc/passwd}}",
            "46 R013 the recorded body `/etc/passwd` can not be read (paths are relative to the folder of this file; at most 1 MiB)"
        ),
        RuleTestingMessageCase(
            "{event: {source: slack, labels: {a: b}}}",
            "33 R047 a source of kind `slack` has no alerts in short (give `file`, a recorded body, or `body`)"),
        RuleTestingMessageCase(
            "{event: {source: alertmanager, labels: {a: b}, repeat: {every: 0s, times: 1}}}",
            "72 R015 `every` has to be 1s to 31d"),
        RuleTestingMessageCase(
            "{command: {source: slack, text: reboot, user: U1}}",
            "41 R013 a command begins with a slash (write `text: /reboot`)"),
        RuleTestingMessageCase(
            "{command: {source: slack, text: /vps reboot, user: \"ann smith\"}}",
            "20 R013 source `slack` of kind `slack` would refuse it: user_id: not an id of letters and digits"),
        RuleTestingMessageCase(
            "{command: {source: generic, text: /x, user: U1}}",
            "28 R013 source `generic` is of kind `generic`: people give no commands there"),
        RuleTestingMessageCase(
            "{server: {name: web-04, status: stopped}}", "25 R013 the test has no server `web-04` (did you mean `web-03`?)"),
        RuleTestingMessageCase(
            "{server: {id: 12345, status: off}}",
            "38 R013 `status` can not be `off` (one of `active`, `stopped`, `suspended`, `provisioning`, `starting`, `stopping`, `rebooting`)"
        ),
        RuleTestingMessageCase(
            "{server: {id: 12345}}", "19 R011 `server` changes nothing (give `status` or `gone: true`)"),
        RuleTestingMessageCase("{approve: {by: U1}}", "20 R011 `approve` has no `rule`"),
        RuleTestingMessageCase(
            "{deny: {rule: host-dwn, by: U1}}", "23 R013 the test has no rule `host-dwn` (did you mean `host-down`?)"),
        RuleTestingMessageCase(
            "{approve: {rule: host-down, by: U1, source: alertmanager}}",
            "53 R013 source `alertmanager` is of kind `alertmanager`: people give no answers there"),
        RuleTestingMessageCase("{server: {status: stopped}}", "19 R011 `server` has neither `id` nor `name`"),
        RuleTestingMessageCase("{probe: {healthy: yes}}", "27 R010 `healthy` is true or false, not a text (write `true`)"),
        RuleTestingMessageCase("{api: {rebot: lost}}", "16 R012 there is no operation `rebot` (did you mean `reboot`?)"),
        RuleTestingMessageCase(
            "{api: {reboot: unreachabel}}", "24 R013 a fault of `reboot` can not be `unreachabel` (did you mean `unreachable`?)"),
        RuleTestingMessageCase("{http: {status: 500}}", "17 R011 `http` has no `url`"),
        RuleTestingMessageCase(
            "{expect: {matched: [hostdown]}}", "29 R013 the test has no rule `hostdown` (did you mean `host-down`?)"),
        RuleTestingMessageCase(
            "{expect: {run: {host-down: done}}}",
            "36 R013 the state of rule `host-down` can not be `done` (did you mean `none`?)"),
        RuleTestingMessageCase(
            "{expect: {held: {host-down: coldown}}}", "37 R013 there is no reason `coldown` (did you mean `cooldown`?)"),
        RuleTestingMessageCase("{expect: {skipped: {x: cooldown}}}", "29 R013 the test has no rule `x` (its rules: host-down)"),
        RuleTestingMessageCase(
            "{expect: {actions: [{action: server.rebot}]}}",
            "38 R013 `action` can not be `server.rebot` (did you mean `server.reboot`?)"),
        RuleTestingMessageCase(
            "{expect: {actions: [{action: server.power_cycle}]}}",
            "38 R013 a test sees the requests of a power cycle, not its name (expect `server.stop`, and in a later step `server.start`)"
        ),
        RuleTestingMessageCase("{expect: {actions: [{server: web-03}]}}", "30 R011 an action has no `action`"),
        RuleTestingMessageCase("{expect: {messages: [{channel: oncall}]}}", "31 R011 a message has no `text`"),
        RuleTestingMessageCase(
            "{expect: [actions]}",
            "18 R010 `expect` is a mapping, not a list (it has the keys `matched`, `no_match`, `missing`, `error`, `actions`, `held`, `skipped`, `run`, `requests`, `messages`, `reply`)"
        ),
    ]

    @Test("a step", arguments: steps)
    func step(_ wanted: RuleTestingMessageCase) async {
        let report = await Fixture.run("- \(wanted.step)")
        #expect(findings(report) == wanted.findings)
        #expect(report.results.isEmpty, "with an error nothing is run")
        #expect(report.diagnostics.allSatisfy { $0.file == "rules/a.test.yaml" && $0.line == 7 })
    }

    @Test("steps go forward")
    func order() async {
        let report = await Fixture.run("- at: 5m\n- at: 2m")
        #expect(
            findings(report) == [
                "13 R015 `at` goes back: the step before is at 5m (`at` counts from the test's start, not from the step before)"
            ])
    }

    static let files = [
        RuleTestingMessageCase("", "1 R011 the file is empty (it begins with `version: 1`)"),
        RuleTestingMessageCase("version: 2\ntests: []", "10 R015 `version` has to be 1"),
        RuleTestingMessageCase("version: 1", "1 R011 the test file has no `tests`"),
        RuleTestingMessageCase(
            "version: 1\nrules: []\ntest: []\ntests: []", "1 R012 unknown key `test` in the test file (did you mean `tests`?)"),
        RuleTestingMessageCase(
            "version: 1\ntests: [{name: a, timeline: [{at: 0s}]}, {name: a, timeline: [{at: 0s}]}]",
            "49 R016 there is already a test of this name (it is in line 2)"),
        RuleTestingMessageCase("version: 1\ntests: [{timeline: []}]", "10 R011 the test has no `name`"),
        RuleTestingMessageCase(
            "version: 1\ntests: [{name: a}]",
            "10 R011 test \"a\" has no `timeline` (write `timeline:` and below it steps such as `- at: 2m`)"),
        RuleTestingMessageCase(
            "version: 1\ntests: [{name: a, timeline: []}]", "29 R015 `timeline` is empty (it has at least one step)"),
        RuleTestingMessageCase(
            "version: 1\nrules: [b.yaml]\ntests: [{name: a, timeline: [{at: 0s}]}, {name: b, timeline: [{at: 0s}]}]",
            "9 R013 the rule file `b.yaml` can not be read (did you mean `a.yaml`?)"),
        RuleTestingMessageCase(
            "version: 1\nstart: tomorrow\ntests: []", "8 R013 `start` is not an instant (write `start: 2026-01-10T14:30:00Z`)"),
        RuleTestingMessageCase(
            "version: 1\nconfig: {limits: {coldown: 1m}, sources: {a: prometheus}}\ntests: []",
            "19 R012 unknown key `coldown` in `limits` (did you mean `cooldown`?)",
            "46 R013 the kind of source `a` can not be `prometheus` (one of `alertmanager`, `generic`, `slack`)"),
        RuleTestingMessageCase(
            "version: 1\nservers: [{id: 1, name: a}, {id: 1, name: b}, {id: 2, naem: c}, {id: 0, name: d}]\ntests: []",
            "30 R016 there is already a server 1 (ids are unique)",
            "55 R012 unknown key `naem` in a server (did you mean `name`?)", "48 R011 a server has no `name`",
            "70 R015 `id` has to be 1 to 9223372036854775807"),
    ]

    @Test("a file", arguments: files)
    func file(_ wanted: RuleTestingMessageCase) async {
        let report = await Fixture.run(file: wanted.step)
        #expect(findings(report) == wanted.findings)
        #expect(!report.isGreen)
    }

    @Test("wrong rules are told once, at their place, and no test is run")
    func wrongRules() async {
        let file = "version: 1\ntests: [{name: a, timeline: [{at: 0s}]}, {name: b, timeline: [{at: 0s}]}]"
        let report = await Fixture.run(
            file: file, rules: Fixture.hostDown.replacing("event.labels.severity", with: "event.lables.severity"))
        #expect(report.diagnostics.map(\.file) == ["rules/a.yaml"])
        #expect(report.diagnostics.map(\.code) == [.unknownField])
        #expect(report.results.isEmpty)
        #expect(report.text().hasSuffix("no test was run"))
    }

    @Test("a rule of a source that the test does not know is an error of the rule")
    func unknownSource() async {
        let report = await Fixture.run(
            "- {at: 0s}", rules: Fixture.hostDown.replacing("trigger: alertmanager", with: "trigger: prod"))
        #expect(report.diagnostics.map(\.code) == [.unknownSource])
    }

    @Test("as people see it")
    func rendered() async {
        let report = await Fixture.run("- {expect: {matched: [hostdown]}}")
        #expect(
            report.text() == """
                error[R013]: the test has no rule `hostdown`
                 --> rules/a.test.yaml:7:29
                  |
                7 |       - {expect: {matched: [hostdown]}}
                  |                             ^^^^^^^^ did you mean `host-down`?
                  = explain: vpsbridge explain R013

                no test was run
                """)
    }
}
