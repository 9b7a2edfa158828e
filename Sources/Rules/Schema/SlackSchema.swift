/// The form of a Slack slash command (https://docs.slack.dev/interactivity/implementing-slash-commands): texts only, and whatever
/// Slack adds to it.
enum SlackSchema {
    static let form = StaticType.record(
        title: "`event.payload`",
        fields: [
            "command", "text", "user_id", "user_name", "channel_id", "channel_name", "team_id", "team_domain", "trigger_id",
            "api_app_id",
        ].map { ($0, .string) }, others: .any)
}
