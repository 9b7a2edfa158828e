package import JSON

/// One thing that a sender told us: one alert of a webhook, or one chat command.
///
/// A delivery holds one or more events. An event is never stored by itself: it is decoded again from its delivery's bytes, so that
/// what is explained later is what was received.
package struct Event: Sendable, Hashable {
    /// Whether an alert reports a problem or its end, or a person gave a command.
    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// The problem is there; opens or refreshes an episode.
        case problem
        /// The problem is over; closes an episode.
        case resolved
        /// A person asked for something; opens no episode.
        case command
        /// A rule's schedule came; opens no episode.
        case schedule
        /// Anything else (an acknowledgement, a test button, a notice): recorded, never acts.
        case notice
    }

    /// The configured source's name, such as `alertmanager`.
    package var source: String
    /// What the sender said happened.
    package var status: Status
    /// The sender's own name of this problem, the same for its repeats and its resolve; for a command, unique per command.
    package var fingerprint: String
    /// The alert's labels.
    package var labels: [String: String]
    /// The alert's annotations.
    package var annotations: [String: String]
    /// When the problem began, as the sender says.
    package var startsAt: Timestamp?
    /// When the problem ended, as the sender says; `nil` while it lasts.
    package var endsAt: Timestamp?
    /// When the delivery reached the bridge; the only clock that rules can see.
    package var receivedAt: Timestamp
    /// The sender's own object for this event (for Alertmanager one element of `alerts`), every field kept.
    package var payload: JSONValue
    /// What only a chat command has.
    package var command: ChatCommand?

    package init(
        source: String, status: Status, fingerprint: String, labels: [String: String] = [:], annotations: [String: String] = [:],
        startsAt: Timestamp? = nil, endsAt: Timestamp? = nil, receivedAt: Timestamp, payload: JSONValue = .null,
        command: ChatCommand? = nil
    ) {
        self.source = source
        self.status = status
        self.fingerprint = fingerprint
        self.labels = labels
        self.annotations = annotations
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.receivedAt = receivedAt
        self.payload = payload
        self.command = command
    }
}

/// A command that a person typed in a chat.
package struct ChatCommand: Sendable, Hashable {
    /// The command with its slash removed, such as `vps`.
    package var name: String
    /// What was typed after it, such as `reboot web-server-01`.
    package var text: String
    /// The platform's immutable id of the person; names are not identities.
    package var userID: String
    /// The person's name, to show only.
    package var userName: String
    /// The platform's id of the channel.
    package var channelID: String
    /// The platform's id of the team or workspace.
    package var teamID: String
    /// Where follow-ups go, when the platform gave an address; checked against the source's allow-list before use.
    package var responseURL: String?

    package init(
        name: String, text: String, userID: String, userName: String, channelID: String, teamID: String, responseURL: String?
    ) {
        self.name = name
        self.text = text
        self.userID = userID
        self.userName = userName
        self.channelID = channelID
        self.teamID = teamID
        self.responseURL = responseURL
    }
}
