/// The kinds of sender that the bridge understands.
package enum SourceKind: String, Sendable, Hashable, CaseIterable {
    /// Prometheus Alertmanager's webhook, version "4".
    case alertmanager
    /// Any sender of one JSON object a request; ``GenericMapping`` says where in it things are.
    case generic
    /// Slack slash commands.
    case slack

    /// The media types that the kind sends, in lower case.
    package var contentTypes: [String] {
        switch self {
        case .alertmanager, .generic: ["application/json"]
        case .slack: ["application/x-www-form-urlencoded"]
        }
    }

    /// Whether people speak through it.
    package var isChat: Bool { self == .slack }
}
