/// One changing request: written to disk before it is sent, closed when its outcome is known.
///
/// After a crash an open intent says that the request may have left; the run then reads the API before it sends anything again.
package struct Intent: Sendable, Hashable {
    /// How a request ended.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// A 2xx, or a change seen from the pre-image after an unknown outcome.
        case applied
        /// The API answered that it will not (400, 402, 404 and the like).
        case refused
        /// It is certain that nothing happened (never sent, 401, 429); spends no budget.
        case notExecuted = "not_executed"
        /// The outcome stayed unknown and nothing was seen to change; counts as sent and is not sent again.
        case assumedSent = "assumed_sent"
    }

    package var id: IntentID
    package var run: RunID
    /// The rung it belongs to, from 0.
    package var rung: Int
    /// The step within the rung, from 0: `server.power_cycle` has two.
    package var step: Int
    package var operation: Operation
    package var server: ServerID
    /// The server's state when the intent was written, to tell later whether the request had an effect.
    package var preStatus: ServerStatus
    package var preUpdatedAt: Timestamp?
    package var createdAt: Timestamp
    package var outcome: Outcome?
    package var finishedAt: Timestamp?

    package init(
        id: IntentID, run: RunID, rung: Int, step: Int, operation: Operation, server: ServerID, preStatus: ServerStatus,
        preUpdatedAt: Timestamp?, createdAt: Timestamp, outcome: Outcome? = nil, finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.run = run
        self.rung = rung
        self.step = step
        self.operation = operation
        self.server = server
        self.preStatus = preStatus
        self.preUpdatedAt = preUpdatedAt
        self.createdAt = createdAt
        self.outcome = outcome
        self.finishedAt = finishedAt
    }
}
