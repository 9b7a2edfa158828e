package import Model

/// Who may call a command, by the chat platform's immutable ids.
package struct Permissions: Sendable {
    /// Those who may; with ``namesPeople`` nobody else.
    package let users: Set<String>
    /// Empty: any channel.
    package let channels: Set<String>
    /// The groups that the rule names; their people are among ``users``. One that is empty, or not known any more, lets nobody.
    package let groups: [String]

    /// Whether the rule names people or groups of them; else any person may, in one of the channels.
    package var namesPeople: Bool { !users.isEmpty || !groups.isEmpty }

    /// Whether that person may call the command in that channel; both lists have to agree, one that the rule does not have agrees with everybody.
    ///
    /// Compares bytes: ids that merely look alike are different people.
    package func allow(_ command: ChatCommand) -> Bool {
        guard namesPeople || !channels.isEmpty else { return false }
        if namesPeople, !users.contains(where: { $0.utf8.elementsEqual(command.userID.utf8) }) { return false }
        return channels.isEmpty || channels.contains { $0.utf8.elementsEqual(command.channelID.utf8) }
    }
}
