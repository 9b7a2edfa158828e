/// What events and servers have, for the checker: a field that is not declared is an error at load.
///
/// A declared field may still be missing in a single event; then the condition is not matched. What each kind declares is what its
/// decoder makes, so that an undeclared field could only ever be missing.
enum EventSchema {
    /// The fields of `event`, in the order in which a walk over `event` meets them.
    static let fields = every.map(\.name)

    /// `event` of a source of that kind; `nil` for a source whose kind is not known.
    static func event(of kind: SourceKindName?) -> StaticType {
        switch kind {
        case .alertmanager: alertmanager
        case .generic: generic
        case .slack: slack
        case .schedule: schedule
        default: common
        }
    }

    private typealias Fields = [(name: String, type: StaticType)]

    private static let envelope: Fields = [("source", .string), ("status", .string), ("fingerprint", .string)]
    private static let alert: Fields = [
        ("labels", .map(.string)), ("annotations", .map(.string)), ("starts_at", .timestamp), ("ends_at", .timestamp),
    ]
    private static let command: Fields = [
        ("user", .record(title: "`event.user`", fields: [("id", .string), ("name", .string)])),
        ("channel", .string), ("team", .string), ("command", .string), ("text", .string),
    ]
    private static let received: Fields = [("received_at", .timestamp)]

    private static let every: Fields = envelope + alert + received + [("payload", .dyn)] + command

    private static let common = StaticType.record(title: "`event`", fields: every)

    private static let alertmanager = alert(kind: "alertmanager", payload: AlertmanagerSchema.alert)

    private static let generic = alert(kind: "generic", payload: .dyn)

    private static func alert(kind: String, payload: StaticType) -> StaticType {
        var elsewhere: [String: String] = [:]
        for field in command { elsewhere[field.name] = "only a chat command has it; this source is of kind `\(kind)`" }
        return .record(
            title: "`event`", fields: envelope + alert + received + [("payload", payload)], elsewhere: elsewhere)
    }

    private static let schedule: StaticType = {
        var elsewhere: [String: String] = [:]
        for field in command { elsewhere[field.name] = "only a chat command has it; this is an instant of a schedule" }
        for name in ["annotations", "ends_at"] { elsewhere[name] = "only an alert has it; this is an instant of a schedule" }
        return .record(
            title: "`event`",
            fields: envelope + [("labels", .map(.string)), ("starts_at", .timestamp)] + received + [("payload", .dyn)],
            elsewhere: elsewhere)
    }()

    private static let slack: StaticType = {
        var elsewhere: [String: String] = [:]
        for field in alert { elsewhere[field.name] = "only an alert has it; this source is of kind `slack`" }
        return .record(
            title: "`event`", fields: envelope + received + [("payload", SlackSchema.form)] + command, elsewhere: elsewhere)
    }()
}
