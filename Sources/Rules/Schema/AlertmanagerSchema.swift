/// One element of `alerts` of Alertmanager's webhook
/// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
enum AlertmanagerSchema {
    static let alert = StaticType.record(
        title: "`event.payload`",
        fields: [
            ("status", .wrapper(.string)), ("labels", .map(.string)), ("annotations", .map(.string)),
            ("startsAt", .wrapper(.string)), ("endsAt", .wrapper(.string)), ("generatorURL", .wrapper(.string)),
            ("fingerprint", .wrapper(.string)),
        ], others: .any)
}
