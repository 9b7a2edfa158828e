/// What a server has, as the Servers API documents it; fields that it may add later are allowed.
enum ServerSchema {
    static let server = StaticType.record(
        title: "`server`",
        fields: [
            ("id", .int), ("name", .string), ("hostname", .wrapper(.string)), ("status", .string),
            ("ip_address", .wrapper(.string)), ("ipv6_address", .wrapper(.string)), ("location", .dyn),
            ("plan", plan), ("os", os), ("created_at", .timestamp), ("updated_at", .timestamp),
            ("backups_enabled", .wrapper(.bool)), ("resource_usage", .dyn),
        ], others: .inBrackets)

    /// Numbers are left open: the reference shows whole ones and does not say that they always are.
    private static let plan = StaticType.record(
        title: "`server.plan`",
        fields: [("id", .wrapper(.int)), ("name", .wrapper(.string)), ("vcpus", .dyn), ("memory", .dyn), ("storage", .dyn)],
        others: .any)

    private static let os = StaticType.record(
        title: "`server.os`", fields: [("id", .wrapper(.int)), ("name", .wrapper(.string))], others: .any)
}
