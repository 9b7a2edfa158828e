package import Model

/// The messages that belong to no run's end, and those that somebody waits for.
extension MessagePolicy {
    /// A message of an occasion, to each of the channels; none when the digest tells it.
    package static func notices(_ occasion: Occasion, _ text: String, channels: [String], run: RunID? = nil) -> [NewMessage] {
        guard timing(of: occasion) == .atOnce else { return [] }
        return channels.map { NewMessage(destination: .channel($0), text: bounded(text), run: run) }
    }

    /// The word to whoever gave a command and waits for it: told at once whatever it is.
    package static func answer(_ text: String, to place: MessageDestination, run: RunID? = nil) -> NewMessage {
        NewMessage(destination: place, text: text, run: run)
    }

    /// What a rule says itself: it always goes out.
    package static func ownWords(_ text: String, in channel: String, run: RunID) -> NewMessage {
        NewMessage(destination: .channel(channel), text: text, run: run)
    }

    /// The day's news.
    package static func digest(_ text: String, channels: [String]) -> [NewMessage] {
        channels.map { NewMessage(destination: .channel($0), text: text) }
    }

    /// A text no longer than a list of a hundred servers; channels cut it where their platforms take less.
    package static func bounded(_ text: String) -> String {
        String(text.prefix(8_000))
    }
}
