import Testing

@testable import Rules

/// Where YAML gets in the way of expressions: each trap is met with how to write it, and what it says to write loads.
@Suite("rules: the seven traps of YAML")
struct RulesYAMLTrapTests {
    struct Trap: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let wrong: [String]
        let hint: String
        let right: [String]
    }

    @Test("a trap is met with how to write it", arguments: traps)
    func trap(_ trap: Trap) throws {
        for line in trap.wrong {
            let load = RulesFixture.load(RulesFixture.alertRule(line))
            #expect(load.ruleSet == nil)
            let finding = try #require(load.diagnostics.first)
            #expect(finding.hint?.contains(trap.hint) == true, "\(load.diagnostics.rendered)")
        }
        for line in trap.right {
            let load = RulesFixture.load(RulesFixture.alertRule(line))
            #expect(load.ruleSet != nil, "\(load.diagnostics.rendered)")
        }
    }

    private static let traps: [Trap] = [
        Trap(
            testDescription: "a leading exclamation mark is a tag",
            wrong: [
                "when: !has(event.labels.a)", "when:\n  - !has(event.labels.a)", "when: [true, !has(event.labels.a)]",
                "when: !(event.labels.a == \"b\")",
            ],
            hint: "a value that begins with `!` needs quotes: '!…'",
            right: ["when: '!has(event.labels.a)'", "when: |\n  !has(event.labels.a)", "when: ['!has(event.labels.a)']"]),
        Trap(
            testDescription: "a leading quote is a quoted text that goes on",
            wrong: [
                "when: \"a\" == event.labels.a", "when:\n  - 'a' == event.labels.a", "when:\n  - true\n  - \"a\" in event.labels",
            ],
            hint: "needs quotes around all of it: '…', or a `|` block",
            right: ["when: '\"a\" == event.labels.a'", "when: |-\n  \"a\" == event.labels.a"]),
        Trap(
            testDescription: "a colon and a blank begin a mapping",
            wrong: ["when: has(event.labels.a) ? true : false", "when: event.labels.a == \"b: c\"", "description: a: b"],
            hint: "needs quotes around all of it: '…', or a `|` block",
            right: ["when: 'has(event.labels.a) ? true : false'", "when: 'event.labels.a == \"b: c\"'", "description: 'a: b'"]),
        Trap(
            testDescription: "a blank and a hash begin a comment",
            wrong: ["when: event.labels.a == \"x #1\"", "when:\n  - event.labels.a == 'see #1'"],
            hint: "` #` begins a comment in YAML: quote the whole value, '…'",
            right: ["when: 'event.labels.a == \"x #1\"'", "when: event.labels.a == \"x\" # a comment"]),
        Trap(
            testDescription: "a leading brace or bracket begins a mapping or a list",
            wrong: ["when: {\"a\": true}[event.labels.a]", "when: [1, 2][0] == 1", "when: {a: 1}", "target: [event.labels.a]"],
            hint: "an expression that begins with `{` or `[` needs quotes: '…'",
            right: ["when: '{\"a\": true}[event.labels.a]'", "when: '[1, 2][0] == 1'"]),
        Trap(
            testDescription: "a template inside brackets or braces",
            wrong: [
                "actions: [{action: notify, with: {channel: ops, text: ${{ event.labels.a }}}}]",
                "actions: [server.reboot, {action: http.request, with: {url: 'https://a.example', json: [${{ server.id }}]}}]",
            ],
            hint: "within `[…]` and `{…}`, a value with `${{ }}` needs quotes: \"${{ … }}\"",
            right: ["actions: [{action: http.request, with: {url: 'https://a.example', json: [\"${{ server.id }}\"]}}]"]),
        Trap(
            testDescription: "words that older parsers take for true or false",
            wrong: ["on: alertmanager"], hint: "what a rule waits for is `trigger`", right: ["description: on"]),
        Trap(
            testDescription: "the same words as values", wrong: ["enabled: yes", "enabled: On"], hint: "write `true`",
            right: ["enabled: true"]),
        Trap(
            testDescription: "and their opposites", wrong: ["enabled: no", "enabled: off"], hint: "write `false`",
            right: ["enabled: false"]),
    ]
}
