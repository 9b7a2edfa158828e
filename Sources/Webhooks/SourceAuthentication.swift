package import Model

/// How a source proves who it is; where several secrets are given (the current and the previous one), each is good.
package enum SourceAuthentication: Sendable {
    /// `Authorization: Bearer SECRET` (RFC 6750).
    case bearer([Secret])
    /// `Authorization: Basic …` (RFC 7617).
    case basic(user: String, passwords: [Secret])
    /// A header of that name with the secret as its whole value; names differ not by case.
    case header(name: String, secrets: [Secret])
    /// Slack's `v0` signature over time and body, by the app's signing secret.
    case slackSignature([Secret])
    /// Anybody may speak.
    case none

    /// The secrets, none for ``none``.
    package var secrets: [Secret] {
        switch self {
        case .bearer(let secrets), .basic(_, let secrets), .header(_, let secrets), .slackSignature(let secrets): secrets
        case .none: []
        }
    }
}
