import Testing

@testable import Rules

/// Golden messages: what people see when a rule file is wrong, caret and hint included.
@Suite("rules: messages about actions, limits and commands")
struct RulesActionMessageTests {
    @Test("a wrong rule file", arguments: cases)
    func message(_ wrong: RulesMessageCase) {
        #expect(wrong.actual == wrong.expected)
    }

    private static let cases: [RulesMessageCase] = [
        RulesMessageCase(
            "two actions on one rung", RulesFixture.alertRule("actions: [server.reboot, server.power_cycle]"),
            #"""
            error[R043]: a rung has at most one server action
             --> rules/web.yaml:9:30
            9 |     actions: [server.reboot, server.power_cycle]
              |                              ^^^^^^^^^^^^^^^^^^ put it on a rung of its own, under `escalation`
            """#),
        RulesMessageCase(
            "an alert that stops a server for good", RulesFixture.alertRule("actions: [server.stop]"),
            #"""
            error[R043]: `server.stop` is for commands of people, not for alerts
             --> rules/web.yaml:9:15
            9 |     actions: [server.stop]
              |               ^^^^^^^^^^^ `server.power_cycle` stops and starts
            """#),
        RulesMessageCase(
            "notify first", RulesFixture.alertRule("actions: [{action: notify, with: {channel: ops, text: x}}, server.reboot]"),
            #"""
            error[R043]: the server action is not the rung's first step
             --> rules/web.yaml:9:64
            9 |     actions: [{action: notify, with: {channel: ops, text: x}}, server.reboot]
              |                                                                ^^^^^^^^^^^^^ put it before `notify`
            """#),
        RulesMessageCase(
            "notify without text", RulesFixture.alertRule("actions: [server.reboot, {action: notify, with: {channel: ops}}]"),
            #"""
            error[R011]: `with` of `notify` has no `text`
             --> rules/web.yaml:9:54
            9 |     actions: [server.reboot, {action: notify, with: {channel: ops}}]
              |                                                      ^^^^^^^ write `{action: notify, with: {channel: oncall, text: "…"}}`
            """#),
        RulesMessageCase(
            "both actions and escalation",
            RulesFixture.alertRule("actions: [server.reboot]\nescalation: [{actions: [server.reboot]}]"),
            #"""
            error[R043]: rule `host-down` has both `actions` and `escalation`
              --> rules/web.yaml:10:5
            10 |     escalation: [{actions: [server.reboot]}]
               |     ^^^^^^^^^^ keep one
            """#),
        RulesMessageCase(
            "a rung without timeout",
            RulesFixture.alertRule("escalation: [{actions: [server.reboot]}, {actions: [server.power_cycle]}]"),
            #"""
            error[R043]: a rung before the last has no `timeout`
             --> rules/web.yaml:9:19
            9 |     escalation: [{actions: [server.reboot]}, {actions: [server.power_cycle]}]
              |                   ^^^^^^^ say how long its effect is waited for: `timeout: 10m`
            """#),
        RulesMessageCase(
            "a timeout shorter than health", RulesFixture.alertRule("escalation: [{timeout: 1m, actions: [server.reboot]}]"),
            #"""
            error[R043]: a timeout of 1m ends before health has lasted 2m
             --> rules/web.yaml:9:5
            9 |     escalation: [{timeout: 1m, actions: [server.reboot]}]
              |     ^^^^^^^^^^ make `timeout` longer than `healthy_delay`
            """#),
        RulesMessageCase(
            "a looser cooldown", RulesFixture.alertRule("limits: {cooldown: 5m}"),
            #"""
            error[R042]: `cooldown` of 5m is looser than the floor
              --> rules/web.yaml:10:24
            10 |     limits: {cooldown: 5m}
               |                        ^^ at least `30m`; the floor is `limits` in vpsbridge.yaml
            """#),
        RulesMessageCase(
            "a looser budget", RulesFixture.alertRule("limits: {budgets: [{max: 10, per: 24h}]}"),
            #"""
            error[R042]: a budget of 10 per 1d is looser than the floor
              --> rules/web.yaml:10:30
            10 |     limits: {budgets: [{max: 10, per: 24h}]}
               |                              ^^ the floor of 3 per 1d allows at most 3
            """#),
        RulesMessageCase(
            "an older event", RulesFixture.alertRule("limits: {max_event_age: 1h}"),
            #"""
            error[R042]: `max_event_age` of 1h is looser than the floor
              --> rules/web.yaml:10:29
            10 |     limits: {max_event_age: 1h}
               |                             ^^ at most `15m`; the floor is `limits` in vpsbridge.yaml
            """#),
        RulesMessageCase(
            "permissions without a command", RulesFixture.alertRule("permissions: {users: [U1]}"),
            #"""
            error[R045]: only a rule with a command has `permissions`
              --> rules/web.yaml:10:5
            10 |     permissions: {users: [U1]}
               |     ^^^^^^^^^^^
            """#),
        RulesMessageCase(
            "a command without permissions", RulesFixture.alertRule("trigger: {source: slack, command: vps reboot}"),
            #"""
            error[R045]: rule `host-down` is a command but has no `permissions`
             --> rules/web.yaml:4:5
            4 |     name: host-down
              |     ^^^^ write `permissions: {users: [U012ABCDEF]}`
            """#),
        RulesMessageCase(
            "an unknown argument",
            RulesFixture.alertRule(
                "trigger: {source: slack, command: vps reboot, args: [{name: server, required: true}]}",
                "permissions: {users: [U1]}", "target: args.servr"),
            #"""
            error[R022]: `args` has no field `servr`
              --> rules/web.yaml:10:18
            10 |     target: args.servr
               |                  ^^^^^ did you mean `server`?
            """#),
        RulesMessageCase(
            "a probe without a port", RulesFixture.alertRule("probe: {tcp: ssh}"),
            #"""
            error[R010]: `tcp` is a whole number, not a text
              --> rules/web.yaml:10:18
            10 |     probe: {tcp: ssh}
               |                  ^^^
            """#),
        RulesMessageCase(
            "an unclosed template",
            RulesFixture.alertRule(
                "actions: [server.reboot, {action: notify, with: {channel: ops, text: 'x ${{ event.labels.a'}}]"),
            #"""
            error[R028]: `${{` is not closed
             --> rules/web.yaml:9:77
            9 |     actions: [server.reboot, {action: notify, with: {channel: ops, text: 'x ${{ event.labels.a'}}]
              |                                                                             ^^^ it ends with `}}`; `$${{` writes a literal `${{`
            """#),
        RulesMessageCase(
            "a map in a text",
            RulesFixture.alertRule(
                "actions: [server.reboot, {action: notify, with: {channel: ops, text: 'all: ${{ event.labels }}'}}]"),
            #"""
            error[R024]: a map can not stand in a text
             --> rules/web.yaml:9:84
            9 |     actions: [server.reboot, {action: notify, with: {channel: ops, text: 'all: ${{ event.labels }}'}}]
              |                                                                                    ^^^^^^^^^^^^ take one of its parts
            """#),
        RulesMessageCase(
            "an unknown field of server", RulesFixture.alertRule("when_server: server.stauts == \"active\""),
            #"""
            error[R022]: `server` has no field `stauts`
              --> rules/web.yaml:10:25
            10 |     when_server: server.stauts == "active"
               |                         ^^^^^^ did you mean `status`?
            """#),
        RulesMessageCase(
            "a target that is a list", RulesFixture.alertRule("target: '[event.labels.instance]'"),
            #"""
            error[R024]: `target` is a text or a whole number, not a list
             --> rules/web.yaml:9:14
            9 |     target: '[event.labels.instance]'
              |              ^^^^^^^^^^^^^^^^^^^^^^^
            """#),
        RulesMessageCase(
            "a folded expression", RulesFixture.alertRule("when: >\n  event.labels.a == \"b\" &&\n  event.labels.b = \"c\""),
            #"""
            error[R020]: `=` is not an operator
              --> rules/web.yaml:11:22
            11 |       event.labels.b = "c"
               |                      ^ use `==` to compare
            """#),
        RulesMessageCase(
            "a literal block", RulesFixture.alertRule("when: |\n  event.labels.a == \"b\" &&\n    event.lables.b == \"c\""),
            #"""
            error[R022]: `event` has no field `lables`
              --> rules/web.yaml:11:15
            11 |         event.lables.b == "c"
               |               ^^^^^^ did you mean `labels`?
            """#),
        RulesMessageCase(
            "a quoted expression with escapes", RulesFixture.alertRule("when: \"event.labels.a == \\\"b\\\" && evnt.x\""),
            #"""
            error[R021]: unknown name `evnt`
             --> rules/web.yaml:9:39
            9 |     when: "event.labels.a == \"b\" && evnt.x"
              |                                       ^^^^ did you mean `event`?
            """#),
        RulesMessageCase(
            "version 2", "version: 2\nrules: []\n",
            #"""
            error[R015]: `version` has to be 1 to 1
             --> rules/web.yaml:1:10
            1 | version: 2
              |          ^
            """#),
        RulesMessageCase(
            "an empty file", "",
            #"""
            error[R011]: the file is empty
             --> rules/web.yaml:1:1
              | ^ it begins with `version: 1`
            """#),
        RulesMessageCase(
            "a list at the top", "- name: x\n",
            #"""
            error[R010]: the rule file is a mapping, not a list
             --> rules/web.yaml:1:1
            1 | - name: x
              | ^ it has the keys `version`, `vars`, `rules`
            """#),
    ]
}
