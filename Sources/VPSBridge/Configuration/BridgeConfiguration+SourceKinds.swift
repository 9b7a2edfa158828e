import Rules
import Webhooks

extension BridgeConfiguration {
    /// The kind of each configured source, which tells the rules what its events have.
    var sourceKinds: [String: SourceKindName] {
        sources.mapValues { SourceKindName(rawValue: $0.kind.rawValue) }
    }
}
