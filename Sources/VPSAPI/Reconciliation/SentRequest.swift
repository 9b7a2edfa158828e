package import Model

/// A changing request of the Servers API as it was stored before it left: all that its outcome can be told from later.
package struct SentRequest: Sendable, Hashable {
    /// What it asked for.
    package enum Change: Sendable, Hashable {
        /// A server of that name, final since before the request left.
        case create(name: String)
        /// A PUT or a PATCH: the fields that were to change, `nil` for one that was not sent.
        case fields(UpdateServer)
        /// The server that had that name when the request was decided.
        case delete(name: String)
        case start
        case stop
        case reboot
    }

    /// What came back.
    package enum Answer: Sendable, Hashable {
        /// None that says whether it took place: lost, cut off, 408, 5xx and the like.
        case none
        /// 400 or 409: the API says that it will not.
        case refused
    }

    package let change: Change
    /// When it was stored, which is not later than when it left.
    package let sentAt: Timestamp
    /// The server's status when it was stored; `nil` for a create or when it was not read.
    package let status: ServerStatus?
    /// The server's `updated_at` then.
    package let updatedAt: Timestamp?
    /// Whether it follows an earlier one of the same intention that left no trace: a second create of one name, or the start that a
    /// stop of ours owes.
    package let isFollowing: Bool
    package let answer: Answer

    /// - Parameters:
    ///   - change: What it asked for.
    ///   - sentAt: When it was stored.
    ///   - status: The server's status then. Default `nil`.
    ///   - updatedAt: The server's `updated_at` then. Default `nil`.
    ///   - isFollowing: Whether it is a second create of one name, or the start that a stop of ours owes. Default `false`.
    ///   - answer: What came back. Default `none`.
    package init(
        _ change: Change, sentAt: Timestamp, status: ServerStatus? = nil, updatedAt: Timestamp? = nil, isFollowing: Bool = false,
        answer: Answer = .none
    ) {
        self.change = change
        self.sentAt = sentAt
        self.status = status
        self.updatedAt = updatedAt
        self.isFollowing = isFollowing
        self.answer = answer
    }
}
