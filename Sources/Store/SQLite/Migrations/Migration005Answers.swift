extension Migration {
    /// Answers to people go out before messages to channels, however many of those wait: they are found by an index of their own.
    static let answers = Migration(
        name: "answers",
        sql: "CREATE INDEX messages_answers_due ON messages (due_at) WHERE finished_at IS NULL AND channel IS NULL;")
}
