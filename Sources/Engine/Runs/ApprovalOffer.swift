package import Model

/// What a run needs to ask people, should it have to: handed in, since a machine draws no random numbers and knows no other rules.
package struct ApprovalOffer: Sendable, Hashable {
    /// The id of the next question.
    package var id: ApprovalID
    /// The slash command under which people answer, without its slash; `nil` when no chat is configured.
    package var command: String?

    package init(id: ApprovalID, command: String?) {
        self.id = id
        self.command = command
    }
}
