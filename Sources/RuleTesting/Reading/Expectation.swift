import JSON
import Model

/// One thing that a step expects, and where it says so.
struct Expectation: Sendable {
    enum Kind: Sendable {
        /// Exactly these rules matched an event of the step.
        case matched([String])
        /// This rule matched no event of the step.
        case noMatch(String)
        /// A condition of this rule missed this path.
        case missing(rule: String, path: String)
        /// No rule missed anything.
        case nothingMissing
        /// A condition of this rule failed with a message that holds this text.
        case error(rule: String, text: String)
        /// Exactly these changing requests went to VPS.org since the step before.
        case actions([ExpectedAction])
        /// The rule's newest run waits for this reason.
        case held(rule: String, reason: Reason)
        /// The rule's newest run ended without doing anything for this reason, or its command was refused for it.
        case skipped(rule: String, reason: Reason)
        /// The rule's newest run is in this state; `nil`: it has no run.
        case run(rule: String, state: RunState?)
        /// Exactly these HTTP requests were sent since the step before.
        case requests([ExpectedRequest])
        /// Exactly these messages went to channels since the step before.
        case messages([ExpectedMessage])
        /// Exactly these answers went to people who gave commands, since the step before; each holds the text.
        case replies([String])
    }

    var kind: Kind
    var place: RuleTestPlace

    /// The expectation's key, for people.
    var title: String {
        switch kind {
        case .matched: "matched"
        case .noMatch: "no_match"
        case .missing, .nothingMissing: "missing"
        case .error: "error"
        case .actions: "actions"
        case .held: "held"
        case .skipped: "skipped"
        case .run: "run"
        case .requests: "requests"
        case .messages: "messages"
        case .replies: "reply"
        }
    }
}

/// A changing request to VPS.org.
struct ExpectedAction: Sendable, Hashable {
    /// Such as `server.reboot`.
    var action: String
    /// An id or a name; `nil` takes any.
    var server: String?
    /// What the body must hold; `nil` takes any.
    var body: JSONValue?

    var text: String {
        action + (server.map { " \($0)" } ?? "") + (body.map { " \($0)" } ?? "")
    }
}

/// An HTTP request that is no request to VPS.org and no message.
struct ExpectedRequest: Sendable, Hashable {
    /// In capitals; `nil` takes any.
    var method: String?
    var url: String
    /// What a JSON body must hold; `nil` takes any.
    var json: JSONValue?
    /// What the body must hold as text; `nil` takes any.
    var body: String?

    var text: String {
        "\(method ?? "any method") \(url)" + (json.map { " \($0)" } ?? "") + (body.map { " …\($0)…" } ?? "")
    }
}

/// A message to people.
struct ExpectedMessage: Sendable, Hashable {
    /// `nil` takes any channel.
    var channel: String?
    /// What the text must hold.
    var text: String

    var shown: String { (channel.map { "\($0): " } ?? "") + "…\(text)…" }
}
