/// The tables of limits and approvals.
extension RuleTables {
    static let anySpan = Duration.zero...(.seconds(366 * day))

    static let limits = RuleTable(
        name: "limits", title: "`limits`",
        keys: [
            RuleKey("cooldown", .span(anySpan), standard: "30m", "The least time between two runs on one server."),
            RuleKey(
                "budgets", .oneOf([.table(budget), .list(.table(budget), 0...8)]),
                "How often something may be done to one server in a rolling span; 3 in 24 hours unless vpsbridge.yaml says otherwise."
            ),
            RuleKey(
                "max_unhealthy", .oneOf([.int(1...10_000), .text(pattern: "^([1-9][0-9]?|100)%$")]),
                "While more servers than this number or share of the fleet have a problem, the rule does nothing."),
            RuleKey("max_concurrent", .int(1...100), "How many servers may be worked on at once; 1, or 2 from 20 servers."),
            RuleKey("after", .map(.span(anySpan)), "How long after a run of another rule, by its name, this one waits."),
            RuleKey(
                "max_event_age", .span(.seconds(1)...anySpan.upperBound), standard: "15m",
                "How old the last word of a problem may be when the bridge acts on it."),
            RuleKey(
                "settle", .span(anySpan), standard: "60s",
                "How long the bridge waits before a first action, so that a storm can be seen."),
            RuleKey(
                "creates", .table(creates),
                "How many servers the rule may create, and what they may cost; over the limits of all rules."
            ),
            RuleKey("key", .expression, "What the limits count by instead of the server."),
        ],
        elsewhere: [
            "rate": "write `budgets: [{max: 3, per: 24h}]`",
            "max_in_flight": "one server is worked on by one run at a time, always",
        ])

    static let budget = RuleTable(
        name: "budget", title: "a budget",
        keys: [
            RuleKey("max", .int(0...1_000), required: true, "At most this many; 0 forbids it."),
            RuleKey("per", .span(.seconds(1)...anySpan.upperBound), required: true, "The rolling span."),
        ])

    static let creates = RuleTable(
        name: "creates", title: "`creates`",
        keys: [
            RuleKey("max_per_day", .int(0...10_000), "At most so many servers in 24 hours; 0 forbids it."),
            RuleKey("max_per_month", .int(0...100_000), "At most so many servers in a calendar month (UTC)."),
            RuleKey(
                "max_cost_per_month", .amount,
                "What the created servers of a calendar month (UTC) may cost, each with its plan's whole price."),
        ])

    static let approval = RuleTable(
        name: "approval", title: "`approval`",
        keys: [
            RuleKey(
                "approvers", .oneOf([.list(.identifier, 1...1_000), .table(approvers)]),
                "Who may approve, by the chat's ids."),
            RuleKey("required", .int(Approval.requiredRange), standard: "1", "How many of them have to."),
            RuleKey(
                "self_approval", .bool, standard: "false", "Whether the person who gave the command counts as one of them."),
            RuleKey(
                "timeout", .span(.seconds(60)...(.seconds(7 * day))), standard: "30m",
                "How long an answer is waited for; none is a no."),
            RuleKey("via", .text(), "The channel in vpsbridge.yaml where people are asked."),
            RuleKey("message", .template, "What people are asked."),
        ])

    static let approvers = RuleTable(
        name: "approvers", title: "`approvers`",
        keys: [
            RuleKey("users", .list(.identifier, 1...1_000), "The ids of the people who may approve."),
            RuleKey("groups", .list(.identifier, 1...1_000), "Groups of people."),
        ])
}
