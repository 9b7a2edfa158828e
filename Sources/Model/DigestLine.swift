/// How many runs of a rule on a server ended in a way; a line of the daily digest.
package struct DigestLine: Sendable, Hashable {
    package var rule: String
    package var server: ServerID?
    package var serverName: String?
    package var state: RunState
    package var reason: Reason?
    package var count: Int

    package init(rule: String, server: ServerID?, serverName: String?, state: RunState, reason: Reason?, count: Int) {
        self.rule = rule
        self.server = server
        self.serverName = serverName
        self.state = state
        self.reason = reason
        self.count = count
    }
}

/// What happened in a span of time, for the daily digest.
package struct DigestCounts: Sendable, Hashable {
    package var lines: [DigestLine]
    package var deadLetters: Int
    /// Messages that were given up.
    package var lostMessages: Int

    package init(lines: [DigestLine], deadLetters: Int, lostMessages: Int) {
        self.lines = lines
        self.deadLetters = deadLetters
        self.lostMessages = lostMessages
    }
}
