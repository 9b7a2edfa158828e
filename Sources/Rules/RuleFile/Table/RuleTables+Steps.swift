/// The tables of rungs, steps and what actions take.
extension RuleTables {
    static let rung = RuleTable(
        name: "rung", title: "a rung",
        keys: [
            RuleKey(
                "timeout", .span(.seconds(10)...(.seconds(7 * day))), standard: "10m",
                "How long the rung's effect is waited for; needed but for the last rung."),
            RuleKey("actions", .list(.step, 1...16), required: true, "What is done, in order."),
        ])

    static let step = RuleTable(
        name: "step", title: "an action",
        keys: [
            RuleKey(
                "id", .text(pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$"), "Under which later steps read its outcome: `steps.ID`."),
            RuleKey("action", .choice(ActionName.allCases.map(\.rawValue)), required: true, "The action's name."),
            RuleKey("with", .map(.value), "What the action is called with."),
            RuleKey("if", .expression, "A condition; the step is left out when it is not true."),
            RuleKey(
                "timeout", .span(.seconds(1)...(.seconds(300))), standard: "30s", "For `http.request`: how long one try may take."
            ),
            RuleKey(
                "retry", .oneOf([.int(StepRetry.attemptsRange), .table(retry)]),
                "For `http.request`, `server.list` and `server.get`: how a failed try is made again. Without it a request never is, and a "
                    + "reading for as long as the run lives."),
            RuleKey(
                "wait_for", .oneOf([.choice(serverStatuses), .table(waitFor)]),
                "For `fleet.scale` and `server.create`: what is waited for after a create; for `server.get`: until when it is read."
            ),
            RuleKey(
                "expect", .oneOf([.int(httpStatus), .list(.int(httpStatus), 1...100), .table(expect)]), standard: "200 to 299",
                "For `http.request`: which answers are a success."),
        ])

    static let httpStatus = 100...599
    static let serverStatuses = ["active", "stopped"]

    static let retry = RuleTable(
        name: "retry", title: "`retry`",
        keys: [
            RuleKey("attempts", .int(StepRetry.attemptsRange), required: true, "How many tries there are, the first included."),
            RuleKey(
                "initial_delay", .span(.milliseconds(100)...(.seconds(300))), standard: "1s",
                "The longest delay before the second try; doubled for each further one."),
            RuleKey("max_delay", .span(.milliseconds(100)...(.seconds(3_600))), standard: "30s", "No delay is longer."),
            RuleKey(
                "statuses", .list(.int(400...599), 1...100), standard: "[429, 500, 502, 503, 504]",
                "The answers after which it is tried again."),
        ],
        elsewhere: ["backoff": "the delays are always exponential, with full jitter: leave it out"])

    static let expect = RuleTable(
        name: "expect", title: "`expect`",
        keys: [
            RuleKey(
                "status", .oneOf([.int(httpStatus), .list(.int(httpStatus), 1...100)]), required: true,
                "The statuses that are a success.")
        ])

    static let waitFor = RuleTable(
        name: "wait_for", title: "`wait_for`",
        keys: [
            RuleKey("status", .choice(serverStatuses), standard: "active", "The server's status."),
            RuleKey("timeout", .span(.seconds(10)...(.seconds(3_600))), standard: "10m", "How long at most."),
        ])

    static let notify = RuleTable(
        name: "notify", title: "`with` of `notify`",
        keys: [
            RuleKey("channel", .text(), required: true, "The name of a channel in vpsbridge.yaml."),
            RuleKey("text", .template, required: true, "What is said."),
        ])

    static let request = RuleTable(
        name: "http_request", title: "`with` of `http.request`",
        keys: [
            RuleKey("method", .choice(HTTPRequestStep.methods), "The method; `GET`, or `POST` with a body."),
            RuleKey(
                "url", .template, required: true,
                "The address; `${{ }}` only after the host, each value encoded as one segment or one query value."),
            RuleKey("headers", .map(.template), "Headers; may hold `${{ secrets.NAME }}`."),
            RuleKey("query", .map(.template), "Added to the address, each value encoded."),
            RuleKey("json", .value, "The body as JSON, each value encoded; may hold `${{ secrets.NAME }}`."),
            RuleKey("body", .template, "The body as a text; may hold `${{ secrets.NAME }}`."),
        ],
        elsewhere: [
            "timeout": "it stands beside `with`", "retry": "it stands beside `with`", "expect": "it stands beside `with`",
            "data": "did you mean `body`?", "token": "write `headers: {Authorization: \"Bearer ${{ secrets.NAME }}\"}`",
        ])

    static let scale = RuleTable(
        name: "fleet_scale", title: "`with` of `fleet.scale`",
        keys: [
            RuleKey("min", .int(FleetScale.sizeRange), required: true, "The set is never made smaller."),
            RuleKey("max", .int(FleetScale.sizeRange), required: true, "The set is never made larger."),
            RuleKey(
                "delta", .int(FleetScale.deltaRange), required: true, "How many servers are created, or deleted when negative."),
            RuleKey("template", .table(serverTemplate), "What is created; needed for a positive `delta`."),
            RuleKey(
                "victim", .oneOf([.choice(["newest", "oldest"]), .expression]), standard: "newest",
                "Which server is deleted first: `newest`, `oldest`, or the one for which this expression is least."),
            RuleKey("drain", .step, "An `http.request` that is sent before a server is deleted; its failure prevents that."),
        ],
        elsewhere: ["wait_for": "it stands beside `with`", "select": "it belongs in `fleet` of the rule"])

    static let serverTemplate = RuleTable(
        name: "server_template", title: "`template`",
        keys: [
            RuleKey(
                "name", .template, required: true,
                "The server's name: letters, digits and hyphens, with `${{ slot }}` or `${{ run.short_id }}` in it."),
            RuleKey("plan_id", .value, required: true, "The id of the plan."),
            RuleKey("os_id", .value, required: true, "The id of the operating system."),
            RuleKey("location", .template, required: true, "The location, such as `us-west`."),
            RuleKey("hostname", .template, "The hostname."),
            RuleKey("ssh_key_id", .value, "The id of the SSH key."),
            RuleKey("backups_enabled", .value, "Whether backups are made."),
        ])

    static let serverUpdate = RuleTable(
        name: "server_update", title: "`with` of `server.update`", keys: serverFields(required: false))

    static let serverReplace = RuleTable(
        name: "server_replace", title: "`with` of `server.replace`", keys: serverFields(required: true))

    private static func serverFields(required: Bool) -> [RuleKey] {
        [
            RuleKey("name", .template, required: required, "The server's name."),
            RuleKey("hostname", .template, required: required, "The hostname."),
            RuleKey("backups_enabled", .value, required: required, "Whether backups are made."),
        ]
    }

    static let list = RuleTable(
        name: "server_list", title: "`with` of `server.list`",
        keys: [
            RuleKey("status", .template, "Only servers of this status."),
            RuleKey("location", .template, "Only servers of this location."),
        ])

    static let wait = RuleTable(
        name: "wait", title: "`with` of `wait`",
        keys: [RuleKey("for", .span(.seconds(1)...(.seconds(day))), required: true, "How long.")])

    static let pause = RuleTable(
        name: "pause", title: "`with` of `pause`",
        keys: [
            RuleKey("reason", .template, required: true, "What people are told."),
            RuleKey("for", .span(.seconds(60)...(.seconds(30 * day))), "How long; without it until a person resumes."),
            RuleKey(
                "scope", .oneOf([.choice(["all", "server"]), .table(pauseScope)]), standard: "all",
                "What is paused: everything, the run's own server, or `{rule: NAME}`."),
        ])

    static let pauseScope = RuleTable(
        name: "pause_scope", title: "`scope`",
        keys: [RuleKey("rule", .text(pattern: "^[a-z0-9][a-z0-9_.-]{0,63}$"), required: true, "The rule's name.")])

    /// Every table, to be walked.
    static let all: [RuleTable] = [
        file, rule, trigger, argument, permissions, reply, probe, httpProbe, fleet, whileFiring, limits, budget, approval,
        approvers, rung, step, retry, expect, waitFor, notify, request, scale, serverTemplate, serverUpdate, serverReplace, list,
        wait, pause, pauseScope, creates,
    ]
}
