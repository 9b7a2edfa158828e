/// The kinds of request that an upstream's gate treats apart.
package enum RequestClass: String, Sendable, Hashable, CaseIterable {
    /// The read that shows whether the upstream is there, and the only one that is ever let out as a probe.
    case list
    /// Any other request that changes nothing.
    case read
    /// A request that changes something.
    case mutate
    /// A change that costs money.
    case create

    package var changes: Bool { self == .mutate || self == .create }
}
