package import Model

/// What a step of a run does to its question to people.
package enum ApprovalChange: Sendable {
    /// Asks; the guards say whether the run could begin if it were approved now.
    case ask(ApprovalRequest, guards: Guards)
    /// Gives up waiting; refused with `approvalClosed` when somebody answered before.
    case expire(ApprovalID)
}

/// A person's answer to a question.
package struct NewApprovalVote: Sendable, Hashable {
    package var approval: ApprovalID
    package var person: String
    package var verdict: ApprovalVote.Verdict
    /// What the person said to it; bounded by the caller.
    package var reason: String?
    /// The delivery that brought the answer, when a webhook did.
    package var delivery: DeliveryID?
    package var at: Timestamp

    package init(
        approval: ApprovalID, person: String, verdict: ApprovalVote.Verdict, reason: String? = nil, delivery: DeliveryID? = nil,
        at: Timestamp
    ) {
        self.approval = approval
        self.person = person
        self.verdict = verdict
        self.reason = reason
        self.delivery = delivery
        self.at = at
    }
}

/// What became of a person's answer.
package enum ApprovalOutcome: Sendable, Hashable {
    /// No question has that id.
    case unknown
    /// It is not open any more; nothing was counted.
    case closed(ApprovalRequest)
    /// The person approved before; nothing was counted.
    case repeated(ApprovalRequest)
    /// Counted; more people are needed.
    case counted(ApprovalRequest)
    /// Counted, and that decided it.
    case decided(ApprovalRequest)
}

extension ApprovalOutcome {
    /// The question that the answer was for.
    package var approval: ApprovalRequest? {
        switch self {
        case .unknown: nil
        case .closed(let approval), .repeated(let approval), .counted(let approval), .decided(let approval): approval
        }
    }
}
