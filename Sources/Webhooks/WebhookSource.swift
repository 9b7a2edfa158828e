import Model

/// One configured sender: who it is, how it proves it, and how its requests are read.
package struct WebhookSource: Sendable {
    /// The name in the configuration and in the path `/hooks/NAME`.
    package var name: String
    package var kind: SourceKind
    package var authentication: SourceAuthentication
    /// The media types that are let in, without parameters; `nil` means the kind's own.
    package var contentTypes: [String]?
    /// How a body of the kind `generic` is read.
    package var generic: GenericMapping
    /// What a Slack `response_url` must begin with to be kept: scheme, host and `/` at least. Default `https://hooks.slack.com/`.
    package var responseURLPrefix: String

    /// Where Slack takes follow-ups.
    package static let slackResponseURLPrefix = "https://hooks.slack.com/"

    package init(
        name: String, kind: SourceKind, authentication: SourceAuthentication, contentTypes: [String]? = nil,
        generic: GenericMapping = GenericMapping(), responseURLPrefix: String = slackResponseURLPrefix
    ) {
        self.name = name
        self.kind = kind
        self.authentication = authentication
        self.contentTypes = contentTypes
        self.generic = generic
        self.responseURLPrefix = responseURLPrefix
    }

    /// What is wrong with the source's configuration, a sentence each; empty when nothing is. Never shows a secret.
    package var problems: [String] {
        var found = authenticationProblems
        switch kind {
        case .generic: found += generic.problems
        case .slack:
            if !ResponseURL.isUsable(prefix: responseURLPrefix) {
                found.append("response_url_prefix: \"\(responseURLPrefix)\" must be a scheme, a host and \"/\" at least")
            }
        case .alertmanager: break
        }
        return found
    }

    private var authenticationProblems: [String] {
        if case .none = authentication { return [] }
        var found: [String] = []
        if authentication.secrets.isEmpty { found.append("no secret is given; nobody could authenticate") }
        if authentication.secrets.contains(where: \.isEmpty) { found.append("a secret is empty; it would match nobody") }
        if case .header(let name, _) = authentication, !ASCII.isToken(name) {
            found.append("\"\(name)\" is not a header name")
        }
        if case .basic(let user, _) = authentication, user.utf8.isEmpty || user.utf8.contains(UInt8(ascii: ":")) {
            found.append("the user name of basic authentication is empty or has a colon")
        }
        return found
    }
}
