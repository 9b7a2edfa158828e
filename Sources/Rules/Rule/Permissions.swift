package import Model

/// Who may call a command, by the chat platform's immutable ids.
package struct Permissions: Sendable {
    /// Empty: any person, in one of the channels.
    package let users: Set<String>
    /// Empty: any channel.
    package let channels: Set<String>

    /// Whether that person may call the command in that channel; both lists have to agree, an empty one agrees with everybody.
    ///
    /// Compares bytes: ids that merely look alike are different people.
    package func allow(_ command: ChatCommand) -> Bool {
        guard !users.isEmpty || !channels.isEmpty else { return false }
        return Self.holds(users, command.userID) && Self.holds(channels, command.channelID)
    }

    private static func holds(_ list: Set<String>, _ id: String) -> Bool {
        list.isEmpty || list.contains { $0.utf8.elementsEqual(id.utf8) }
    }
}
