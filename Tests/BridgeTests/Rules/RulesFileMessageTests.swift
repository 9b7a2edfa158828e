import Testing

@testable import Rules

/// Golden messages: what people see when a rule file is wrong, caret and hint included.
@Suite("rules: messages about YAML and keys")
struct RulesFileMessageTests {
    @Test("a wrong rule file", arguments: cases)
    func message(_ wrong: RulesMessageCase) {
        #expect(wrong.actual == wrong.expected)
    }

    private static let cases: [RulesMessageCase] = [
        RulesMessageCase(
            "a comment in an expression", RulesFixture.alertRule("when: event.labels.a == \"x #1\""),
            #"""
            error[R020]: the text is not closed
             --> rules/web.yaml:9:29
            9 |     when: event.labels.a == "x #1"
              |                             ^^ ` #` begins a comment in YAML: quote the whole value, '…'
            """#),
        RulesMessageCase(
            "a leading exclamation mark", RulesFixture.alertRule("when: !has(event.labels.a)"),
            #"""
            error[R004]: YAML tags are not supported
             --> rules/web.yaml:9:11
            9 |     when: !has(event.labels.a)
              |           ^ a value that begins with `!` needs quotes: '!…'
            """#),
        RulesMessageCase(
            "a leading quote", RulesFixture.alertRule("when: \"critical\" == event.labels.severity"),
            #"""
            error[R001]: while parsing a block mapping, did not find expected key
             --> rules/web.yaml:9:22
            9 |     when: "critical" == event.labels.severity
              |                      ^ an expression with `: `, or one that begins with a quote, needs quotes around all of it: '…', or a `|` block
            """#),
        RulesMessageCase(
            "a colon and a blank", RulesFixture.alertRule("when: has(event.labels.a) ? event.labels.a == \"b: c\" : false"),
            #"""
            error[R001]: mapping values are not allowed in this context
             --> rules/web.yaml:9:53
            9 |     when: has(event.labels.a) ? event.labels.a == "b: c" : false
              |                                                     ^ an expression with `: `, or one that begins with a quote, needs quotes around all of it: '…', or a `|` block
            """#),
        RulesMessageCase(
            "braces", RulesFixture.alertRule("when: {\"a\": true}[event.labels.a]"),
            #"""
            error[R001]: while parsing a block mapping, did not find expected key
             --> rules/web.yaml:9:22
            9 |     when: {"a": true}[event.labels.a]
              |                      ^
            """#),
        RulesMessageCase(
            "yes for true", RulesFixture.alertRule("enabled: yes"),
            #"""
            error[R010]: `enabled` is true or false, not a text
              --> rules/web.yaml:10:14
            10 |     enabled: yes
               |              ^^^ write `true`
            """#),
        RulesMessageCase(
            "a sexagesimal", RulesFixture.alertRule("for: 1:30"),
            #"""
            error[R014]: `for` is not a span of time
              --> rules/web.yaml:10:10
            10 |     for: 1:30
               |          ^^^^ write numbers with units: `90s`, `2m`, `1h30m`, `7d`
            """#),
        RulesMessageCase(
            "a span without unit", RulesFixture.alertRule("for: 90"),
            #"""
            error[R014]: `for` has no unit
              --> rules/web.yaml:10:10
            10 |     for: 90
               |          ^^ did you mean `90s`?
            """#),
        RulesMessageCase(
            "an anchor", RulesFixture.alertRule("limits: &l {cooldown: 1h}"),
            #"""
            error[R003]: anchors and aliases are not supported
              --> rules/web.yaml:10:13
            10 |     limits: &l {cooldown: 1h}
               |             ^ write the value out
            """#),
        RulesMessageCase(
            "a duplicate key", RulesFixture.alertRule("limits: {cooldown: 1h, cooldown: 2h}"),
            #"""
            error[R005]: key `cooldown` is given twice in one mapping
              --> rules/web.yaml:10:14
            10 |     limits: {cooldown: 1h, cooldown: 2h}
               |              ^^^^^^^^ remove or rename one of the two
            """#),
        RulesMessageCase(
            "a tab", "version: 1\nrules:\n\t- name: x\n",
            #"""
            error[R001]: while scanning for the next token, found character that cannot start any token
             --> rules/web.yaml:3:1
            3 | 	- name: x
              | ^ indent with spaces, not tabs
            """#),
        RulesMessageCase(
            "an unknown key", RulesFixture.alertRule("cooldwn: 10m"),
            #"""
            error[R012]: unknown key `cooldwn` in rule `host-down`
              --> rules/web.yaml:10:5
            10 |     cooldwn: 10m
               |     ^^^^^^^ it belongs in `limits`: `limits: {cooldown: …}`
            """#),
        RulesMessageCase(
            "an unknown key of limits", RulesFixture.alertRule("limits: {cooldwn: 1h}"),
            #"""
            error[R012]: unknown key `cooldwn` in `limits` of rule `host-down`
              --> rules/web.yaml:10:14
            10 |     limits: {cooldwn: 1h}
               |              ^^^^^^^ did you mean `cooldown`?
            """#),
        RulesMessageCase(
            "a key of a later version", RulesFixture.alertRule("approval: {required: 2}"),
            #"""
            error[R012]: unknown key `approval` in rule `host-down`
              --> rules/web.yaml:10:5
            10 |     approval: {required: 2}
               |     ^^^^^^^^ this version has no `approval` in a rule
            """#),
        RulesMessageCase(
            "no autonomy", RulesFixture.alertRule("autonomy: -"),
            #"""
            error[R011]: rule `host-down` has no `autonomy`
             --> rules/web.yaml:4:5
            4 |     name: host-down
              |     ^^^^ write `autonomy: observe` to be told what it would do, or `autonomy: auto` to let it act
            """#),
        RulesMessageCase(
            "autonomy approve", RulesFixture.alertRule("autonomy: approve"),
            #"""
            error[R047]: `autonomy: approve` is not supported by this version
             --> rules/web.yaml:9:15
            9 |     autonomy: approve
              |               ^^^^^^^ use `observe` or `auto`
            """#),
        RulesMessageCase(
            "autonomy misspelt", RulesFixture.alertRule("autonomy: atuo"),
            #"""
            error[R013]: `autonomy` can not be `atuo`
             --> rules/web.yaml:9:15
            9 |     autonomy: atuo
              |               ^^^^ did you mean `auto`?
            """#),
        RulesMessageCase(
            "no when", RulesFixture.alertRule("when: -"),
            #"""
            error[R011]: rule `host-down` has no `when`: it would act on every problem of its source
             --> rules/web.yaml:4:5
            4 |     name: host-down
              |     ^^^^ if that is meant, write `when: true`
            """#),
        RulesMessageCase(
            "no target", RulesFixture.alertRule("target: -"),
            #"""
            error[R044]: rule `host-down` acts on a server but has no `target`
             --> rules/web.yaml:4:5
            4 |     name: host-down
              |     ^^^^ name it: `target: event.labels.instance`
            """#),
        RulesMessageCase(
            "a bad name", RulesFixture.alertRule("name: Host Down"),
            #"""
            error[R016]: `Host Down` can not be a rule's name
             --> rules/web.yaml:9:11
            9 |     name: Host Down
              |           ^^^^^^^^^ lower-case letters, digits, `-`, `_` and `.`, at most 64, a letter or digit first
            """#),
        RulesMessageCase(
            "an unknown action", RulesFixture.alertRule("actions: [server.restart]"),
            #"""
            error[R013]: there is no action `server.restart`
             --> rules/web.yaml:9:15
            9 |     actions: [server.restart]
              |               ^^^^^^^^^^^^^^ did you mean `server.reboot`?
            """#),
        RulesMessageCase(
            "an action without its server", RulesFixture.alertRule("actions: [reboot]"),
            #"""
            error[R013]: there is no action `reboot`
             --> rules/web.yaml:9:15
            9 |     actions: [reboot]
              |               ^^^^^^ did you mean `server.reboot`?
            """#),
        RulesMessageCase(
            "a later action", RulesFixture.alertRule("actions: [server.delete]"),
            #"""
            error[R047]: the action `server.delete` is not supported by this version
             --> rules/web.yaml:9:15
            9 |     actions: [server.delete]
              |               ^^^^^^^^^^^^^ supported: `server.reboot`, `server.start`, `server.stop`, `server.power_cycle`, `notify`
            """#),
    ]
}
