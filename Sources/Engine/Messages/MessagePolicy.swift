package import Model
package import Store

/// The noise rule: what people are told of the bridge's own accord, and when.
///
/// A run gets one message at most, at its end. Some things are told at once; everything else is counted in the daily digest. What the
/// `notify` steps of a rule say is the rule's own words, goes out whatever this says, and counts as the run's one message in the channels
/// that it goes to; so does the answer to a person's command, save where others have to act too. Pure.
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
    }

    /// When an occasion is told.
    package static func timing(of occasion: Occasion) -> Timing {
        switch occasion {
        case .parked, .startOwed, .approval, .storm, .blind, .tokenRefused, .paymentRequired, .reloadRefused, .demoted, .flapping,
            .sourceSilent:
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

    /// The run's one message at its end.
    ///
    /// `besides` is what the run says there already: its rule's own words, the word to those who were asked, the answer to whoever gave
    /// the command. A channel that gets one of them gets nothing more, and a command that is answered is told nowhere else.
    static func ending(of run: Run, server: String?, besides: [NewMessage], channels: [String]) -> [NewMessage] {
        guard let reason = run.reason, timing(of: reason) == .atOnce, !besides.contains(where: \.isAnswer) else { return [] }
        let what = run.state == .failed ? "failed" : run.state.rawValue
        return notice(
            "Run \(run.id) of rule \(run.rule)\(server.map { ", \($0)" } ?? ""): \(what): \(run.detail)", of: run, besides,
            channels)
    }

    /// A message of an occasion of a run, such as `parked`.
    static func notices(
        _ occasion: Occasion, _ text: String, of run: Run, besides: [NewMessage], channels: [String]
    ) -> [NewMessage] {
        guard timing(of: occasion) == .atOnce else { return [] }
        return notice("Run \(run.id) of rule \(run.rule): \(text)", of: run, besides, channels)
    }

    /// A message of an occasion that belongs to no run.
    package static func notices(_ occasion: Occasion, _ text: String, channels: [String]) -> [NewMessage] {
        guard timing(of: occasion) == .atOnce else { return [] }
        return channels.map { NewMessage(destination: .channel($0), text: bounded(text)) }
    }

    private static func notice(_ text: String, of run: Run, _ besides: [NewMessage], _ channels: [String]) -> [NewMessage] {
        let served = besides.compactMap(\.channel)
        return channels.filter { name in !served.contains { $0.utf8.elementsEqual(name.utf8) } }
            .map { NewMessage(destination: .channel($0), text: bounded(text), run: run.id) }
    }

    private static func bounded(_ text: String) -> String {
        String(text.prefix(1_500))
    }
}

extension NewMessage {
    fileprivate var isAnswer: Bool {
        if case .response = destination { true } else { false }
    }

    fileprivate var channel: String? {
        if case .channel(let name) = destination { name } else { nil }
    }
}
