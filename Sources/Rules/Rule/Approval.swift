/// How a rule asks people before it acts.
package struct Approval: Sendable {
    /// Who may approve, by the chat platform's immutable ids.
    package struct Approvers: Sendable, Hashable {
        /// Empty: nobody in particular, which leaves whoever the configuration allows.
        package let users: Set<String>
        /// The groups that the rule names; their people are among ``users``.
        package let groups: [String]

        /// Whether a person is named; compares bytes.
        package func names(_ userID: String) -> Bool {
            users.contains { $0.utf8.elementsEqual(userID.utf8) }
        }
    }

    /// How many people have to approve: 1 to 5.
    package static let requiredRange = 1...5
    /// The default of ``timeout``: 30 minutes.
    package static let defaultTimeout = Duration.seconds(1_800)

    /// Who may approve.
    package let approvers: Approvers
    /// How many of them have to. Default 1.
    package let required: Int
    /// Whether the person who gave the command counts as one of them. Default `false`.
    package let allowsSelfApproval: Bool
    /// How long an answer is waited for; none is a no. Default 30 minutes.
    package let timeout: Duration
    /// The channel in `vpsbridge.yaml` where people are asked; `nil` is the bridge's default channel.
    package let via: String?
    /// What people are asked; sees what a message sees. `nil` is the bridge's own words.
    package let message: Template?

    /// What a rule without `approval` asks for.
    package static let standard = Approval(
        approvers: Approvers(users: [], groups: []), required: 1, allowsSelfApproval: false, timeout: defaultTimeout, via: nil,
        message: nil)
}
