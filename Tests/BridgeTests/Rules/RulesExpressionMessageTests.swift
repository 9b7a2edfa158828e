import Testing

@testable import Rules

/// Golden messages: what people see when a rule file is wrong, caret and hint included.
@Suite("rules: messages about expressions")
struct RulesExpressionMessageTests {
    @Test("a wrong rule file", arguments: cases)
    func message(_ wrong: RulesMessageCase) {
        #expect(wrong.actual == wrong.expected)
    }

    private static let cases: [RulesMessageCase] = [
        RulesMessageCase(
            "= instead of ==", RulesFixture.alertRule("when:\n  - event.labels.severity = \"critical\""),
            #"""
            error[R020]: `=` is not an operator
              --> rules/web.yaml:10:31
            10 |       - event.labels.severity = "critical"
               |                               ^ use `==` to compare
            """#),
        RulesMessageCase(
            "and instead of &&",
            RulesFixture.alertRule("when:\n  - event.labels.severity == \"critical\" and event.labels.job == \"node\""),
            #"""
            error[R020]: `and` is not an operator
              --> rules/web.yaml:10:45
            10 |       - event.labels.severity == "critical" and event.labels.job == "node"
               |                                             ^^^ use `&&`
            """#),
        RulesMessageCase(
            "or instead of ||", RulesFixture.alertRule("when:\n  - event.labels.a == \"1\" or event.labels.a == \"2\""),
            #"""
            error[R020]: `or` is not an operator
              --> rules/web.yaml:10:31
            10 |       - event.labels.a == "1" or event.labels.a == "2"
               |                               ^^ use `||`
            """#),
        RulesMessageCase(
            "not instead of !", RulesFixture.alertRule("when:\n  - not has(event.labels.maintenance)"),
            #"""
            error[R020]: `not` is not an operator
              --> rules/web.yaml:10:9
            10 |       - not has(event.labels.maintenance)
               |         ^^^ use `!`
            """#),
        RulesMessageCase(
            "not in", RulesFixture.alertRule("when:\n  - event.labels.severity not in [\"info\"]"),
            #"""
            error[R020]: `not in` is not an operator
              --> rules/web.yaml:10:31
            10 |       - event.labels.severity not in ["info"]
               |                               ^^^ write `!(x in list)`
            """#),
        RulesMessageCase(
            "a bare word", RulesFixture.alertRule("when:\n  - event.labels.severity == critical"),
            #"""
            error[R021]: unknown name `critical`
              --> rules/web.yaml:10:34
            10 |       - event.labels.severity == critical
               |                                  ^^^^^^^^ a text needs quotes: "critical"
            """#),
        RulesMessageCase(
            "a function in the wrong case", RulesFixture.alertRule("when:\n  - event.labels.instance.startswith(\"web\")"),
            #"""
            error[R023]: unknown function `startswith`
              --> rules/web.yaml:10:31
            10 |       - event.labels.instance.startswith("web")
               |                               ^^^^^^^^^^ did you mean `startsWith`?
            """#),
        RulesMessageCase(
            "a misspelt field", RulesFixture.alertRule("when:\n  - event.lables.severity == \"critical\""),
            #"""
            error[R022]: `event` has no field `lables`
              --> rules/web.yaml:10:15
            10 |       - event.lables.severity == "critical"
               |               ^^^^^^ did you mean `labels`?
            """#),
        RulesMessageCase(
            "a text ordered against a number", RulesFixture.alertRule("when:\n  - event.labels.cpu > 90"),
            #"""
            error[R024]: `>` does not compare a text with a whole number
              --> rules/web.yaml:10:9
            10 |       - event.labels.cpu > 90
               |         ^^^^^^^^^^^^^^^^^^^^^ convert it: `double(event.labels.cpu)`
            """#),
        RulesMessageCase(
            "a text equal to a number", RulesFixture.alertRule("when:\n  - event.labels.cpu == 90"),
            #"""
            error[R024]: a text never equals a whole number
              --> rules/web.yaml:10:9
            10 |       - event.labels.cpu == 90
               |         ^^^^^^^^^^^^^^^^^^^^^^ convert it: `double(event.labels.cpu)`
            """#),
        RulesMessageCase(
            "double times int", RulesFixture.alertRule("when:\n  - double(event.labels.cpu) * 2 > 90.0"),
            #"""
            error[R024]: `*` does not take a number and a whole number
              --> rules/web.yaml:10:9
            10 |       - double(event.labels.cpu) * 2 > 90.0
               |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write `2.0`
            """#),
        RulesMessageCase(
            "a status of the sender's", RulesFixture.alertRule("when:\n  - event.status == \"firing\""),
            #"""
            error[R013]: `event.status` is never "firing"
              --> rules/web.yaml:10:25
            10 |       - event.status == "firing"
               |                         ^^^^^^^^ whatever the sender says, here it is "problem"
            """#),
        RulesMessageCase(
            "the clock", RulesFixture.alertRule("when:\n  - now() - event.starts_at > duration(\"5m\")"),
            #"""
            error[R023]: unknown function `now`
              --> rules/web.yaml:10:9
            10 |       - now() - event.starts_at > duration("5m")
               |         ^^^ there is no clock but `event.received_at`
            """#),
        RulesMessageCase(
            "a span without duration()", RulesFixture.alertRule("when:\n  - event.received_at - event.starts_at > 10m"),
            #"""
            error[R020]: `10m` is not a number
              --> rules/web.yaml:10:47
            10 |       - event.received_at - event.starts_at > 10m
               |                                               ^^^ a span of time is `duration("10m")`
            """#),
        RulesMessageCase(
            "a text where a span is", RulesFixture.alertRule("when:\n  - event.received_at - event.starts_at > \"10m\""),
            #"""
            error[R024]: `>` does not compare a duration with a text
              --> rules/web.yaml:10:9
            10 |       - event.received_at - event.starts_at > "10m"
               |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ convert it: `duration("10m")`
            """#),
        RulesMessageCase(
            "a bad constant", RulesFixture.alertRule("when:\n  - event.received_at - event.starts_at > duration(\"10 minutes\")"),
            #"""
            error[R027]: not a span of time
              --> rules/web.yaml:10:56
            10 |       - event.received_at - event.starts_at > duration("10 minutes")
               |                                                        ^^^^^^^^^^^^ write it like `90s` or `1h30m`; the largest unit is the hour
            """#),
        RulesMessageCase(
            "an open quote", RulesFixture.alertRule("when:\n  - event.labels.severity == \"critical"),
            #"""
            error[R020]: the text is not closed
              --> rules/web.yaml:10:34
            10 |       - event.labels.severity == "critical
               |                                  ^^^^^^^^^ it ends with `"`
            """#),
        RulesMessageCase(
            "an open parenthesis", RulesFixture.alertRule("when:\n  - (event.labels.severity == \"critical\""),
            #"""
            error[R020]: `(` is not closed
              --> rules/web.yaml:10:9
            10 |       - (event.labels.severity == "critical"
               |         ^ it ends with `)`
            """#),
        RulesMessageCase(
            "not a condition", RulesFixture.alertRule("when:\n  - event.labels.severity"),
            #"""
            error[R026]: this is a text, not a condition
              --> rules/web.yaml:10:9
            10 |       - event.labels.severity
               |         ^^^^^^^^^^^^^^^^^^^^^ compare it: `event.labels.severity == …`
            """#),
        RulesMessageCase(
            "an expression in ${{ }}", RulesFixture.alertRule("when:\n  - ${{ event.labels.severity == \"critical\" }}"),
            #"""
            error[R020]: `$` has no meaning in an expression
              --> rules/web.yaml:10:9
            10 |       - ${{ event.labels.severity == "critical" }}
               |         ^ this value is an expression already: write it without `${{ }}`
            """#),
        RulesMessageCase(
            "the server too early", RulesFixture.alertRule("when:\n  - server.status == \"active\""),
            #"""
            error[R021]: `server` is not known here: the server is not known yet; use `when_server`
              --> rules/web.yaml:10:9
            10 |       - server.status == "active"
               |         ^^^^^^
            """#),
        RulesMessageCase(
            "args without a command", RulesFixture.alertRule("when:\n  - args.server == \"web\""),
            #"""
            error[R021]: `args` is not known here: only a rule with a command has arguments
              --> rules/web.yaml:10:9
            10 |       - args.server == "web"
               |         ^^^^
            """#),
        RulesMessageCase(
            "a misspelt root", RulesFixture.alertRule("when:\n  - evnt.labels.severity == \"critical\""),
            #"""
            error[R021]: unknown name `evnt`
              --> rules/web.yaml:10:9
            10 |       - evnt.labels.severity == "critical"
               |         ^^^^ did you mean `event`?
            """#),
        RulesMessageCase(
            "a label without its map", RulesFixture.alertRule("when:\n  - severity == \"critical\" && labels.job == \"node\""),
            #"""
            error[R021]: unknown name `severity`
              --> rules/web.yaml:10:9
            10 |       - severity == "critical" && labels.job == "node"
               |         ^^^^^^^^ did you mean `event.labels.severity`?

            error[R021]: unknown name `labels`
              --> rules/web.yaml:10:35
            10 |       - severity == "critical" && labels.job == "node"
               |                                   ^^^^^^ did you mean `event.labels`?
            """#),
        RulesMessageCase(
            "contains as an operator", RulesFixture.alertRule("when:\n  - event.labels.instance contains \"web\""),
            #"""
            error[R020]: `contains` is a function, not an operator
              --> rules/web.yaml:10:31
            10 |       - event.labels.instance contains "web"
               |                               ^^^^^^^^ write `x.contains("…")`
            """#),
        RulesMessageCase(
            "in a text", RulesFixture.alertRule("when:\n  - '\"web\" in event.labels.instance'"),
            #"""
            error[R024]: `in` looks in a list or a map, not in a text
              --> rules/web.yaml:10:19
            10 |       - '"web" in event.labels.instance'
               |                   ^^^^^^^^^^^^^^^^^^^^^ use `text.contains(part)`
            """#),
        RulesMessageCase(
            "contains on a list", RulesFixture.alertRule("when:\n  - '[\"a\", \"b\"].contains(event.labels.a)'"),
            #"""
            error[R024]: `contains` takes a text, not a list
              --> rules/web.yaml:10:21
            10 |       - '["a", "b"].contains(event.labels.a)'
               |                     ^^^^^^^^ for a list, write `x in list`
            """#),
        RulesMessageCase(
            "Python's True", RulesFixture.alertRule("when:\n  - has(event.labels.a) == True"),
            #"""
            error[R021]: unknown name `True`
              --> rules/web.yaml:10:32
            10 |       - has(event.labels.a) == True
               |                                ^^^^ did you mean `true`?
            """#),
        RulesMessageCase(
            "an optional compared", RulesFixture.alertRule("when:\n  - event.labels.?env == \"prod\""),
            #"""
            error[R024]: an optional never equals a text
              --> rules/web.yaml:10:9
            10 |       - event.labels.?env == "prod"
               |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ add `.orValue(…)`
            """#),
        RulesMessageCase(
            "if else", RulesFixture.alertRule("when:\n  - if event.labels.a == \"b\" then true"),
            #"""
            error[R020]: `if` is a reserved word
              --> rules/web.yaml:10:9
            10 |       - if event.labels.a == "b" then true
               |         ^^ a choice is written `condition ? a : b`
            """#),
        RulesMessageCase(
            "two mistakes in one expression",
            RulesFixture.alertRule("when:\n  - event.lables.a == \"b\" && evnt.labels.c == \"d\""),
            #"""
            error[R022]: `event` has no field `lables`
              --> rules/web.yaml:10:15
            10 |       - event.lables.a == "b" && evnt.labels.c == "d"
               |               ^^^^^^ did you mean `labels`?

            error[R021]: unknown name `evnt`
              --> rules/web.yaml:10:34
            10 |       - event.lables.a == "b" && evnt.labels.c == "d"
               |                                  ^^^^ did you mean `event`?
            """#),
        RulesMessageCase(
            "a typographic quote", RulesFixture.alertRule("when:\n  - event.labels.a == “b”"),
            #"""
            error[R020]: typographic quotes do not quote
              --> rules/web.yaml:10:27
            10 |       - event.labels.a == “b”
               |                           ^^ use `"` or `'`
            """#),
    ]
}
