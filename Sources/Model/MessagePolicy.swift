/// The noise rule: what people are told of the bridge's own accord, and when.
///
/// A run gets one message at most, at its end. Some things are told at once; everything else is counted in the daily digest. What the
/// `notify` steps of a rule say is the rule's own words, goes out whatever this says, and counts as the run's one message in the channels
/// that it goes to; so does the answer to a person's command, save where others have to act too. Pure.
///
/// Every message to people is made by it: its parts that make them stand in `Store`, which tells some in its transactions, and in `Engine`.
package enum MessagePolicy {
    package enum Timing: String, Sendable, Hashable, CaseIterable {
        /// As soon as it is so.
        case atOnce
        /// With the day's other news.
        case digest
    }

    /// What belongs to no run's end.
    package enum Occasion: String, Sendable, Hashable, CaseIterable {
        /// Only a person can say what happened.
        case parked
        /// A sent stop owes its start, and it does not come about.
        case startOwed
        /// People are asked, or a question of theirs is decided.
        case approval
        case storm
        case blind
        /// VPS.org refuses the token.
        case tokenRefused
        /// VPS.org wants to be paid, and creates are paused.
        case paymentRequired
        case reloadRefused
        case demoted
        case promoted
        /// A server's problem comes and goes.
        case flapping
        /// A sender is silent, or is heard again.
        case sourceSilent
        /// Something was paused or resumed by a person, who knows it.
        case paused
        /// Everything was stopped by a file or a signal, or goes on: not everybody knows who did it.
        case stopSwitch
    }

    /// When an occasion is told.
    package static func timing(of occasion: Occasion) -> Timing {
        switch occasion {
        case .parked, .startOwed, .approval, .storm, .blind, .tokenRefused, .paymentRequired, .reloadRefused, .demoted, .flapping,
            .sourceSilent, .stopSwitch:
            .atOnce
        case .promoted, .paused: .digest
        }
    }

    /// When the end of a run is told.
    ///
    /// At once: declined, be it by people, by nobody's answer or by VPS.org; ineffective, and given up before it could be effective;
    /// unverified; 401 and 402; and what the fleet's guards have a message of their own for.
    package static func timing(of reason: Reason) -> Timing {
        switch reason {
        case .approvalDenied, .approvalExpired, .changedSinceApproval, .refused: .atOnce
        case .ineffective, .unverified, .outcomeUnknown: .atOnce
        case .unauthorized, .paymentRequired: .atOnce
        case .storm, .blind, .demoted: .atOnce
        // The climb ended with the problem still there.
        case .budgetSpent: .atOnce
        default: .digest
        }
    }
}
