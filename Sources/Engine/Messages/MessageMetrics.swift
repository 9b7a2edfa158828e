package import Model

/// What became of messages, for `/metrics`; safe to use from any thread without waiting.
package final class MessageMetrics: Sendable {
    /// The raw value is a metric label.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        case delivered
        /// Not taken this time; it is tried again.
        case retried
        /// The receiver asked to wait.
        case throttled
        /// Given up.
        case failed
    }

    /// What answers to commands are counted under.
    static let answers = "(answer)"

    private let counters: [String: [Outcome: Counter]]

    /// Counts for channels of those names.
    package init(channels: some Collection<String>) {
        // A channel may bear that name too.
        counters = Dictionary(
            (channels + [Self.answers]).map { name in
                (name, Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0, Counter()) }))
            }, uniquingKeysWith: { first, _ in first })
    }

    func count(_ destination: MessageDestination, _ outcome: Outcome) {
        counters[Self.label(destination)]?[outcome]?.increment()
    }

    package func count(channel: String, _ outcome: Outcome) -> UInt64 {
        counters[channel]?[outcome]?.value ?? 0
    }

    package func render(into text: inout MetricsText) {
        text.family("vpsbridge_messages_total", .counter, "Attempts to deliver a message, by channel and by what became of them.")
        for (channel, counts) in counters.sorted(by: { $0.key < $1.key }) {
            for outcome in Outcome.allCases {
                text.sample(["channel": channel, "outcome": outcome.rawValue], counts[outcome]?.value ?? 0)
            }
        }
    }

    private static func label(_ destination: MessageDestination) -> String {
        switch destination {
        case .channel(let name): name
        case .response: answers
        }
    }
}
