package import Model
package import Rules
package import Webhooks

/// What of a configuration decides how rules act; a test lays its own `config` over it.
package struct RuleTestSettings: Sendable {
    /// Whether changing requests leave; `true` unless a test says otherwise, since a test is about what would be done.
    package var live: Bool
    /// The floor under every rule's limits.
    package var limits: Limits
    /// The sources by name. Nobody has to authenticate in a test.
    package var sources: [String: WebhookSource]
    /// Other names of servers.
    package var aliases: [String: ServerID]
    /// Servers that are never changed, as `protected` in `vpsbridge.yaml`.
    package var protected: [String]
    /// When rules change nothing, as `maintenance` in `vpsbridge.yaml`.
    package var maintenance: [MaintenanceWindow]
    /// What the events of a source may lead to, as `may` of the source.
    package var mayLeadTo: [String: SourcePermission]
    /// What `${{ secrets.NAME }}` of requests stands for; a test has no use for the real ones.
    package var secrets: [String: Secret]
    /// The people of each group, as `people.groups` in `vpsbridge.yaml`.
    package var groups: [String: [String]]

    /// One source for each kind, named as the kind.
    package static let standardSources: [String: WebhookSource] = Dictionary(
        uniqueKeysWithValues: SourceKind.allCases.map { ($0.rawValue, source(named: $0.rawValue, kind: $0)) })

    /// By default what an empty configuration says, live, with a source for each kind under the kind's name.
    package init(
        live: Bool = true, limits: Limits = Limits(), sources: [String: WebhookSource] = standardSources,
        aliases: [String: ServerID] = [:], protected: [String] = [], maintenance: [MaintenanceWindow] = [],
        mayLeadTo: [String: SourcePermission] = [:], secrets: [String: Secret] = [:], groups: [String: [String]] = [:]
    ) {
        self.live = live
        self.limits = limits
        self.sources = sources
        self.aliases = aliases
        self.protected = protected
        self.maintenance = maintenance
        self.mayLeadTo = mayLeadTo
        self.secrets = secrets
        self.groups = groups
    }

    /// What stands for a secret of that name in a test: `test-NAME`.
    package static func secret(named name: String) -> Secret { Secret("test-\(name)") }

    static func source(named name: String, kind: SourceKind) -> WebhookSource {
        WebhookSource(name: name, kind: kind, authentication: .none)
    }
}
