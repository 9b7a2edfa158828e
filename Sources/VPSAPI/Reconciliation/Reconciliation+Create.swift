package import Model

/// A create: nothing is bought twice.
///
/// Sources: the reference of the API says that provisioning takes 2 to 5 minutes, and nothing about names being unique, about lists
/// lagging or about pages. A provider whose list lags longer than `createWindow` can make a second server of the name appear; it is
/// reported, never deleted.
extension Reconciliation {
    /// The ages at which the list is read, up to the window.
    private static let looks: [Duration] = [.zero, .seconds(5), .seconds(15), .seconds(30), .seconds(60), .seconds(120)]
    /// How often it is read after the window.
    private static let lateLook = Duration.seconds(60)

    func judgeCreate(_ sent: SentRequest, of name: String, in list: ServerList, now: Timestamp) -> ReconcileVerdict {
        let named = list.servers.filter { $0.hasName(name) }
        // What a list shows is there, also when it does not show all.
        if named.count > 1 { return .ambiguous(.several(named)) }
        guard list.isComplete else { return .stillUnknown(readAgainAt: nextLook(sent, now: now)) }
        // A second create that is refused says nothing about the first, which may be why.
        let isRefused = sent.answer == .refused && !sent.isFollowing
        if let found = named.first {
            if let createdAt = found.createdAt, createdAt + Self.clockSlack >= sent.sentAt { return .applied(found) }
            return isRefused ? .refused(found) : .ambiguous(.notOurs(found))
        }
        if isRefused { return .refused(nil) }
        if sent.answer == .refused { return .ambiguous(.missingTwice) }
        guard age(of: sent, now) >= createWindow else { return .stillUnknown(readAgainAt: nextLook(sent, now: now)) }
        // Nothing is created in an account that looks empty: one that does so now can not be seen.
        if list.servers.isEmpty { return .ambiguous(.accountLooksEmpty) }
        return sent.isFollowing ? .ambiguous(.missingTwice) : .notExecuted
    }

    /// The servers of that name other than one that is known to be ours; of a name that was asked for twice there may be two.
    package static func others(named name: String, besides id: ServerID, in servers: [Server]) -> [Server] {
        servers.filter { $0.hasName(name) && $0.id != id }
    }

    /// The next of 0, 5, 15, 30, 60 and 120 seconds and the window's end after the request; each minute after that.
    private func nextLook(_ sent: SentRequest, now: Timestamp) -> Timestamp {
        let age = age(of: sent, now)
        let next = Self.looks.first { $0 > age && $0 < createWindow } ?? (createWindow > age ? createWindow : age + Self.lateLook)
        return now + (next - age)
    }
}
