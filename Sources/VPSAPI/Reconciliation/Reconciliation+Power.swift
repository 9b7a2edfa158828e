import Model

/// Start, stop and reboot: what the server's status and `updated_at` say.
///
/// Source: the reference of the API. That a reboot moves `updated_at`, and how long `rebooting` shows, it does not say: no sign is no
/// proof, so a reboot is never sent a second time.
extension Reconciliation {
    /// A start is done when the server is up or on its way; asking a stopped server again is harmless.
    func judgeStart(_ sent: SentRequest, _ server: Server, now: Timestamp) -> ReconcileVerdict {
        if sent.answer == .refused {
            // Refused after our own stop: that it looks active may be the time before the stop took hold.
            if sent.isFollowing { return .notExecuted }
            return switch server.status {
            case .active: .alreadySo(server)
            case .starting: .stillUnknown(readAgainAt: now + Self.interval)
            default: .refused(server)
            }
        }
        if server.status == .starting || server.status == .active { return .applied(server) }
        return overdue(sent, now: now) ?? (server.status == .stopped ? .notExecuted : .assumedSent)
    }

    /// A stop is done when the server is down or on its way, provided that it was not before.
    func judgeStop(_ sent: SentRequest, _ server: Server, now: Timestamp) -> ReconcileVerdict {
        let isDown = server.status == .stopping || server.status == .stopped
        if sent.answer == .refused { return isDown ? .alreadySo(server) : .refused(server) }
        // Down before and after: whoever it was that stopped it, it was not this request.
        if isDown { return sent.status == .stopped ? .alreadySo(server) : .applied(server) }
        return overdue(sent, now: now) ?? (server.status == .active ? .notExecuted : .assumedSent)
    }

    /// A reboot is done when anything changed that it explains; without a sign it counts as sent.
    func judgeReboot(_ sent: SentRequest, _ server: Server, now: Timestamp) -> ReconcileVerdict {
        if sent.answer == .refused { return .refused(server) }
        if server.status == .rebooting || server.differs(fromStatus: sent.status, updatedAt: sent.updatedAt) {
            return .applied(server)
        }
        return overdue(sent, now: now) ?? .assumedSent
    }

    /// To be read again, as long as the window lasts.
    private func overdue(_ sent: SentRequest, now: Timestamp) -> ReconcileVerdict? {
        let left = powerWindow - age(of: sent, now)
        return left > .zero ? .stillUnknown(readAgainAt: now + min(Self.interval, left)) : nil
    }
}

extension Server {
    /// Whether it is not as it was; what was not known before shows no change.
    fileprivate func differs(fromStatus status: ServerStatus?, updatedAt before: Timestamp?) -> Bool {
        if let status, status != self.status { return true }
        guard let before, let updatedAt else { return false }
        return updatedAt != before
    }
}
