import Model

/// What a complete list says of a create whose outcome is unknown; pure.
enum CreateFinding {
    /// Exactly one server of that name, created at or after the request: it is ours.
    case ours(Server)
    /// One of that name that is older than the request, or whose age is not known.
    case older(Server)
    case several([Server])
    case absent

    /// How far the clock of VPS.org may lie behind ours; its times are whole seconds.
    static let clockSlack = Duration.seconds(2)

    /// Looks for a server by its final name, compared byte by byte.
    static func look(for name: String, sentAt: Timestamp, in servers: [Server]) -> CreateFinding {
        let named = servers.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard let found = named.first else { return .absent }
        guard named.count == 1 else { return .several(named) }
        guard let createdAt = found.createdAt, createdAt + clockSlack >= sentAt else { return .older(found) }
        return .ours(found)
    }

    /// When to look again after that time without a sign: 5, 15, 30, 60 and 120 seconds after the request, then each 60.
    static func nextLook(sentAt: Timestamp, now: Timestamp, window: Duration) -> Timestamp {
        let age = now.since(sentAt)
        let marks: [Duration] = [.seconds(5), .seconds(15), .seconds(30), .seconds(60), .seconds(120)]
        let next = marks.first { $0 > age } ?? age + .seconds(60)
        return sentAt + min(next, max(window, age + .seconds(1)))
    }
}
