package import Model

/// What a request holds, ready to be stored.
package struct DecodedWebhook: Sendable {
    /// The events in their order; none when the sender had nothing to say.
    package var events: [Event]
    /// The sender's own delivery id: a second delivery with the same key is a replay. `nil` where repeats are meant as such.
    package var dedupKey: String?
    /// Whether it goes before ordinary deliveries: commands do.
    package var isUrgent: Bool
    /// When present, the request is answered with it and neither stored nor acted on.
    package var immediate: ImmediateAnswer?
    /// The body to store: the bytes received, secrets in them masked; decodes to the same events.
    package var storedBody: [UInt8]
    /// How many alerts the sender says that it left out (Alertmanager's `truncatedAlerts`).
    package var truncatedAlerts: Int64

    package init(
        events: [Event], dedupKey: String? = nil, isUrgent: Bool = false, immediate: ImmediateAnswer? = nil, storedBody: [UInt8],
        truncatedAlerts: Int64 = 0
    ) {
        self.events = events
        self.dedupKey = dedupKey
        self.isUrgent = isUrgent
        self.immediate = immediate
        self.storedBody = storedBody
        self.truncatedAlerts = truncatedAlerts
    }
}

/// The answer to a request that is nothing but a question of the sender's machinery.
package struct ImmediateAnswer: Sendable, Hashable {
    /// What was asked.
    package enum Question: String, Sendable, Hashable, CaseIterable {
        /// Slack checks the certificate (`ssl_check`).
        case certificateCheck = "certificate_check"
    }

    package var question: Question
    package var reply: SenderReply

    package init(question: Question, reply: SenderReply) {
        self.question = question
        self.reply = reply
    }
}
