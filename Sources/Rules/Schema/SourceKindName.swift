/// The kind of a configured source, by the name that `vpsbridge.yaml` gives it.
///
/// It selects what the checker knows of the source's events. A kind that has no schema of its own is allowed: its events have the
/// common one.
package struct SourceKindName: RawRepresentable, Sendable, Hashable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let alertmanager = SourceKindName(rawValue: "alertmanager")
    package static let generic = SourceKindName(rawValue: "generic")
    /// What the instants of a schedule have; no source is of it.
    static let schedule = SourceKindName(rawValue: "schedule")
    package static let slack = SourceKindName(rawValue: "slack")
}
