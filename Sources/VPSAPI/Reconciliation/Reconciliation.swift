import JSON
package import Model

/// Tells what became of a changing request from what is read afterwards: the API has no idempotency keys. Pure.
///
/// One function for all operations, so that the engine, its simulation and the tests judge by the same table.
package struct Reconciliation: Sendable, Hashable {
    /// How long a start, stop or reboot is watched for a sign. Default 30 seconds.
    package var powerWindow: Duration
    /// How long a created server may take to show in the list. Default 5 minutes: VPS.org says that a server takes 2 to 5.
    package var createWindow: Duration

    /// How far the clock of VPS.org may lie behind ours; its times are whole seconds.
    static let clockSlack = Duration.seconds(2)
    /// How long to wait between two looks at a server.
    static let interval = Duration.seconds(5)
    /// The longest time between two readings.
    static let longestPause = Duration.seconds(300)

    package init(powerWindow: Duration = .seconds(30), createWindow: Duration = .seconds(300)) {
        self.powerWindow = powerWindow
        self.createWindow = createWindow
    }

    /// Judges one reading of a request that may have taken place.
    ///
    /// - Parameters:
    ///   - sent: The request as it was stored.
    ///   - reading: A reading that began after the request ended; a list for a create, the server for everything else. A reading of
    ///     the other kind proves nothing.
    ///   - now: When the reading is judged.
    /// - Returns: The verdict; a time to read again lies after `now`.
    package func judge(_ sent: SentRequest, _ reading: Reading, now: Timestamp) -> ReconcileVerdict {
        switch (sent.change, reading) {
        case (_, .failed(let error)): return unreadable(sent, error, now: now)
        case (.create(let name), .list(let list)): return judgeCreate(sent, of: name, in: list, now: now)
        case (.create, _), (_, .list): return .stillUnknown(readAgainAt: now + Self.interval)
        case (.delete, .notFound): return .applied(nil)
        case (_, .notFound): return .gone
        case (.delete(let name), .server(let server)):
            // Asking twice deletes one server, as long as it is the one that was meant.
            return server.hasName(name) ? .notExecuted : .ambiguous(.renamed(server))
        case (.fields(let fields), .server(let server)):
            return server.has(fields) ? .applied(server) : sent.answer == .refused ? .refused(server) : .notExecuted
        case (.start, .server(let server)): return judgeStart(sent, server, now: now)
        case (.stop, .server(let server)): return judgeStop(sent, server, now: now)
        case (.reboot, .server(let server)): return judgeReboot(sent, server, now: now)
        }
    }

    /// When to read for the first time after the request ended without a certain answer.
    ///
    /// Power takes a moment to show; a list is read at once, since a server in it settles the matter.
    package func firstReading(of change: SentRequest.Change, now: Timestamp) -> Timestamp {
        switch change {
        case .create: now
        case .delete: now + Self.interval
        case .fields, .start, .stop, .reboot: now + .seconds(2)
        }
    }

    /// Whether a server that was read just now is the one to delete: id and name, byte by byte. Asked before every attempt.
    package static func mayDelete(_ server: Server, id: ServerID, name: String) -> Bool {
        server.id == id && server.hasName(name)
    }

    /// Whether a server shows every field that a PUT or a PATCH asked for.
    package static func shows(_ server: Server, _ fields: UpdateServer) -> Bool { server.has(fields) }

    /// A reading that failed is repeated after half the request's age, 5 to 300 seconds, and never before the API allows it.
    private func unreadable(_ sent: SentRequest, _ error: APIError, now: Timestamp) -> ReconcileVerdict {
        let pause = min(max(age(of: sent, now) / 2, Self.interval), Self.longestPause)
        return .stillUnknown(readAgainAt: now + max(pause, error.retryAfter ?? .zero))
    }

    /// Never negative, though the clock was set back.
    func age(of sent: SentRequest, _ now: Timestamp) -> Duration { max(.zero, now.since(sent.sentAt)) }
}

extension Server {
    /// Compared byte by byte: `==` takes different texts for one.
    func hasName(_ name: String) -> Bool { self.name.utf8.elementsEqual(name.utf8) }

    /// Whether every field that was sent has the value that was sent; one that is not shown has not.
    fileprivate func has(_ fields: UpdateServer) -> Bool {
        (fields.name.map(hasName) ?? true)
            && (fields.hostname.map { wanted in hostname?.utf8.elementsEqual(wanted.utf8) ?? false } ?? true)
            && (fields.backupsEnabled.map { raw["backups_enabled"]?.boolValue == $0 } ?? true)
    }
}
