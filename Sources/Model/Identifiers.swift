/// A number that names one row of one kind; ids of different kinds do not mix.
package protocol NumericIdentifier: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible
where RawValue == Int64 {
    init(rawValue: Int64)
}

extension NumericIdentifier {
    package var description: String { String(rawValue) }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The id of a server at VPS.org (`id` in its API).
package struct ServerID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of one stored webhook request.
package struct DeliveryID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of one open or closed problem.
package struct EpisodeID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of one run: one rule at work on one problem or command.
package struct RunID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of one intent: a request that was, or was about to be, sent.
package struct IntentID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of one dead letter.
package struct DeadLetterID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of one message in the outbox.
package struct MessageID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The revision of a rule set: a hash over its files, in hexadecimal.
package struct RuleSetRevision: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }
}

/// What a run locks, so that no two act at once: `server:ID`, `group:NAME`, or `rule:NAME:KEY` for a rule of requests alone.
package struct Lane: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    /// The lane of one server.
    package static func server(_ id: ServerID) -> Lane { Lane(rawValue: "server:\(id)") }
    /// Whether it is the lane of one server.
    package var isServer: Bool { rawValue.utf8.starts(with: "server:".utf8) }
    /// Whether it is the lane of a group of servers.
    package var isGroup: Bool { rawValue.utf8.starts(with: "group:".utf8) }
    /// The lane of a group of servers that is scaled.
    package static func group(_ name: String) -> Lane { Lane(rawValue: "group:\(name)") }
    /// The lane of a rule that changes no server, by what its runs are told apart with.
    package static func rule(_ name: String, key: String) -> Lane { Lane(rawValue: "rule:\(name):\(key)") }
}
