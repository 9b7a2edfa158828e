/// The nine operations of the VPS.org Servers API.
package enum Operation: String, Sendable, Hashable, CaseIterable {
    case list
    case create
    case get
    case replace
    case update
    case delete
    case start
    case stop
    case reboot

    /// Whether the operation changes anything at VPS.org.
    package var isChanging: Bool {
        switch self {
        case .list, .get: false
        default: true
        }
    }
}
