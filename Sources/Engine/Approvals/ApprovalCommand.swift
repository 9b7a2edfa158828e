package import Model

/// An answer to a question, as it is typed in a chat: `/vps approve 7kx2mq`, `/vps deny 7kx2mq not tonight`.
///
/// Every slash command of every chat source knows it, whatever its name: a rule can not take these two words.
package enum ApprovalCommand: Sendable, Hashable {
    case vote(ApprovalVote.Verdict, ApprovalID, reason: String?)
    /// It begins as an answer and is none; how to answer.
    case malformed(usage: String)

    /// The longest reason that is kept, in Unicode scalars.
    static let longestReason = 200

    /// `nil` when the command is none of the two.
    package init?(_ command: ChatCommand) {
        let words = command.text.unicodeScalars.prefix(1_000)
            .split { $0.properties.isWhitespace || $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        guard let first = words.first else { return nil }
        let word = first.utf8Lowercased
        guard let verdict = ApprovalVote.Verdict.allCases.first(where: { $0.rawValue.utf8.elementsEqual(word.utf8) }) else {
            return nil
        }
        guard words.count >= 2, let id = ApprovalID(typed: String(words[1])), verdict == .deny || words.count == 2 else {
            let rest = verdict == .deny ? " [REASON]" : ""
            self = .malformed(
                usage:
                    "Usage: /\(command.name) \(verdict.rawValue) ID\(rest), with the \(ApprovalID.length) characters of the message."
            )
            return
        }
        let reason = words.dropFirst(2).map { String($0) }.joined(separator: " ")
        self = .vote(verdict, id, reason: reason.isEmpty ? nil : Self.bounded(reason))
    }

    /// A reason as it is kept: `nil` for nothing, without control characters, at most ``longestReason`` scalars.
    package static func bounded(_ reason: String?) -> String? {
        guard let reason else { return nil }
        let kept = reason.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }.prefix(longestReason)
        return kept.isEmpty ? nil : String(String.UnicodeScalarView(kept)).printable
    }
}

extension Substring.UnicodeScalarView {
    /// With the ASCII letters in lower case.
    fileprivate var utf8Lowercased: String {
        String(decoding: String(self).utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
    }
}
