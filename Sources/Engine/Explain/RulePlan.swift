package import Model
package import Rules

/// What a rule that matched would do first, as far as that can be told without asking VPS.org.
package struct RulePlan: Sendable {
    /// A text that was made, or why it could not be.
    package enum Rendered: Sendable, Hashable {
        case text(String)
        case failed(String)
    }

    /// Which server the target names.
    package enum Destination: Sendable, Hashable {
        /// The rule names none.
        case none
        /// The servers are not known here.
        case unknown
        case one(Server)
        /// No server, or several: a dead letter.
        case unresolved(String)
    }

    /// One request, to VPS.org or, by `http.request`, to any other API.
    package struct Request: Sendable, Hashable {
        /// Method and path, or method and address; `{server}` where the id is not known.
        package let line: String
        /// What is waited for before it; `nil` for the first.
        package let after: String?
        /// Headers and body as people may see them, and what else there is to say; no secrets.
        package let details: [String]

        init(line: String, after: String? = nil, details: [String] = []) {
            self.line = line
            self.after = after
            self.details = details
        }
    }

    /// One message to people.
    package struct Message: Sendable, Hashable {
        package let channel: String
        package let text: Rendered
    }

    /// What `target` says, as it stands in the file; `nil` without one.
    package let targetExpression: String?
    /// The text that names the server.
    package let target: Rendered?
    /// The server of that text.
    package let destination: Destination
    /// The conditions of `when_server`, when the server is known.
    package let serverConditions: [ConditionExplanation]
    /// How many conditions wait for the server to be known.
    package let pendingConditions: Int
    /// What stands between the match and the first request, in its order.
    package let waits: [String]
    /// Why nothing would be sent, or not at once, a reason each; empty when nothing speaks against it. When the run would end
    /// before its first request, there are no requests either.
    package let obstacles: [String]
    /// The requests of the first rung, in their order.
    package let requests: [Request]
    /// The messages of the first rung, in their order.
    package let messages: [Message]
    /// How many rungs come after the first, and how long its effect is waited for.
    package let laterRungs: Int
    package let timeout: Duration
}
