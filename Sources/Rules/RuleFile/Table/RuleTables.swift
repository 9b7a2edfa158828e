/// The tables of a rule file, from the outside in.
enum RuleTables {
    static let day = 86_400
    static let namePattern = "^[a-z0-9][a-z0-9._-]{0,63}$"
    static let conditions = KeyShape.oneOf([.expression, .list(.expression, 1...100)])

    static let file = RuleTable(
        name: "file", title: "the rule file",
        keys: [
            RuleKey("version", .int(1...1), required: true, "The version of the format: 1."),
            RuleKey("vars", .map(.plain), "Plain values that expressions of every rule of the file read as `vars.NAME`."),
            RuleKey("rules", .list(.table(rule), 0...10_000), required: true, "The rules, judged in this order."),
        ],
        elsewhere: ["name": "it belongs in a rule, under `rules`", "tests": "rule tests stand in files of their own"])

    static let rule = RuleTable(name: "rule", title: "the rule", keys: ruleKeys, elsewhere: ruleElsewhere)

    private static let ruleKeys: [RuleKey] = [
        RuleKey(
            "name", .text(pattern: namePattern), required: true,
            "Unique among all rules: lower-case letters, digits, `-`, `_` and `.`, at most 64."),
        RuleKey("description", .text(), "What the rule is for, for people."),
        RuleKey("enabled", .bool, standard: "true", "A rule that is not enabled is checked and shown, and never acts."),
        RuleKey("vars", .map(.plain), "Plain values for this rule; they stand before those of the file."),
        RuleKey(
            "trigger", .oneOf([.text(), .table(trigger)]), required: true,
            "What the rule waits for: the name of a source in vpsbridge.yaml, or a mapping."),
        RuleKey(
            "when", conditions,
            "Conditions in CEL that all must hold; they see `event`, `vars` and `args`. Needed but for a command. A key that is "
                + "not there never fires."),
        RuleKey(
            "when_server", conditions,
            "Conditions that also see `server` and `fleet`, judged once the server is known, before the first rung."),
        RuleKey(
            "for", .span(.zero...(.seconds(7 * day))), standard: "0s",
            "How long the problem must last before the rule acts, from its first receipt."),
        RuleKey("group_by", .expression, "One run for each value of this expression instead of one for each server."),
        RuleKey(
            "while_firing", .table(whileFiring), "Repeats the last rung for as long as the problem lasts."),
        RuleKey("target", .expression, "Names the server: its id, name, hostname or address. Must name exactly one."),
        RuleKey("fleet", .oneOf([.expression, .table(fleet)]), "The servers that a rule with `fleet.scale` owns."),
        RuleKey("probe", .table(probe), "The bridge's own look at the server, besides what monitoring says."),
        RuleKey(
            "healthy_delay", .span(.seconds(1)...(.seconds(day))), standard: "2m",
            "How long a healthy state must last before it counts."),
        RuleKey(
            "limits", .table(limits), "What bounds the rule; it may only be stricter than `limits` of vpsbridge.yaml."),
        RuleKey(
            "autonomy", .choice(Autonomy.allCases.map(\.rawValue)), standard: "approve",
            "`observe` says what it would do, `approve` asks a person first, `auto` acts. Of a command without `approval`: `auto`."
        ),
        RuleKey("approval", .table(approval), "Who is asked before the rule acts, and how."),
        RuleKey(
            "start_stopped", .bool, standard: "false", "Whether the rule may start a server that the bridge did not stop."),
        RuleKey("actions", .list(.step, 1...16), "What is done, in order; the short form of an `escalation` of one rung."),
        RuleKey(
            "escalation", .list(.table(rung), 1...16),
            "Rungs; the next is taken when the effect of the one before was not seen within its `timeout`."),
        RuleKey("permissions", .table(permissions), "Who may call a command; needed for a command, and for nothing else."),
        RuleKey("reply", .oneOf([.template, .table(reply)]), "What the chat is told when a command was accepted."),
    ]

    /// Keys that people look for in a rule itself.
    private static let ruleElsewhere: [String: String] = {
        var hints: [String: String] = [:]
        for key in limits.keyNames { hints[key] = "it belongs in `limits`: `limits: {\(key): …}`" }
        hints["key"] = nil
        for key in ["users", "channels"] { hints[key] = "it belongs in `permissions`: `permissions: {\(key): […]}`" }
        for key in ["source", "command", "args", "schedule"] { hints[key] = "it belongs in `trigger`" }
        hints["timeout"] = "it belongs in a rung: `escalation: [{timeout: 10m, actions: […]}]`"
        hints["guards"] = "conditions on the server are `when_server`"
        hints["if"] = "conditions are `when`"
        hints["on"] = "what a rule waits for is `trigger`"
        hints["dry_run"] = "write `autonomy: observe`"
        for key in ["approvers", "required", "self_approval"] {
            hints[key] = "it belongs in `approval`: `approval: {\(key): …}`"
        }
        hints["rate"] = "write `limits: {budgets: [{max: 3, per: 24h}]}`"
        return hints
    }()

    static let trigger = RuleTable(
        name: "trigger", title: "`trigger`",
        keys: [
            RuleKey("source", .text(), "The name of a source in vpsbridge.yaml."),
            RuleKey(
                "status", .choice(["problem", "resolved", "any"]), standard: "problem",
                "Which alerts the rule sees; problems only unless it says otherwise."),
            RuleKey(
                "command", .text(pattern: "^/?[a-z0-9_][a-z0-9_-]*( [a-z0-9_][a-z0-9_-]*){0,3}$"),
                "The words of a chat command, such as `vps reboot`."),
            RuleKey("args", .list(.table(argument), 0...16), "The command's arguments, in order."),
            RuleKey("schedule", .text(), "A time as cron writes it: minute, hour, day of the month, month, day of the week."),
            RuleKey("timezone", .text(), standard: "UTC", "The zone in which `schedule` is read, such as `Europe/Berlin`."),
        ],
        elsewhere: [
            "type": "what a source sends is known from its kind; a command is `command`", "cron": "did you mean `schedule`?",
            "permissions": "it stands beside `trigger`, in the rule",
        ])

    static let argument = RuleTable(
        name: "argument", title: "an argument",
        keys: [
            RuleKey(
                "name", .text(pattern: "^[a-z_][a-z0-9_]{0,63}$"), required: true,
                "How expressions call it, as `args.NAME`, and the command, as `--NAME`."),
            RuleKey(
                "type", .choice(CommandArgument.ValueType.allCases.map(\.rawValue)), standard: "string",
                "What the text is read as."),
            RuleKey("required", .bool, standard: "false", "Whether a command without it is wrongly called."),
            RuleKey("default", .plain, "What it is when it was not given; for a bool, `false`."),
            RuleKey("max_length", .int(1...1_000), standard: "200", "The longest text, in characters."),
            RuleKey("pattern", .text(maxLength: 512), "A regular expression (RE2) that a text has to match."),
        ])

    static let permissions = RuleTable(
        name: "permissions", title: "`permissions`",
        keys: [
            RuleKey(
                "users", .list(.identifier, 1...1_000), "The ids of the people who may; without it, anybody in the channels."),
            RuleKey("channels", .list(.identifier, 1...1_000), "The ids of the channels where it works; without it, all."),
            RuleKey("groups", .list(.identifier, 1...1_000), "Groups of people."),
        ])

    static let reply = RuleTable(
        name: "reply", title: "`reply`",
        keys: [
            RuleKey("accepted", .template, "Said when the command was accepted."),
            RuleKey("skipped", .template, "Said when the run did nothing."),
            RuleKey("failed", .template, "Said when the run failed."),
        ])

    static let probe = RuleTable(
        name: "probe", title: "`probe`",
        keys: [
            RuleKey("tcp", .int(1...65_535), "Healthy when a connection to this port succeeds."),
            RuleKey("http", .oneOf([.text(), .table(httpProbe)]), "Healthy when a GET answers with 2xx; a path, or a mapping."),
        ])

    static let httpProbe = RuleTable(
        name: "http_probe", title: "`http` of `probe`",
        keys: [
            RuleKey("port", .int(1...65_535), "The port; 80, or 443 for https."),
            RuleKey("path", .text(pattern: "^/[!-~]*$", maxLength: 512), standard: "/", "The path."),
            RuleKey("scheme", .choice(["http", "https"]), standard: "http", "The scheme."),
        ])

    static let fleet = RuleTable(
        name: "fleet", title: "`fleet`",
        keys: [
            RuleKey("select", .expression, required: true, "Whether a server belongs to the set; sees it as `server`."),
            RuleKey(
                "delete", .choice(["bridge-created"]),
                "Lets servers that the bridge created be deleted without an approval; no other server ever is."),
        ])

    static let whileFiring = RuleTable(
        name: "while_firing", title: "`while_firing`",
        keys: [
            RuleKey("every", .span(.seconds(60)...(.seconds(7 * day))), required: true, "The time between two repetitions."),
            RuleKey("max", .int(1...100), required: true, "How many repetitions there are at most."),
        ])
}
