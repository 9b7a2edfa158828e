/// One request that changes something: written to disk before it is sent, closed when its outcome is known.
///
/// After a crash an open intent says that the request may have left; what is done then depends on what it was: the API is read, or
/// the request is repeated where that is harmless, or a person decides.
package struct Intent: Sendable, Hashable {
    /// What kind of request it is.
    package enum Kind: Sendable, Hashable {
        /// An operation of the VPS.org Servers API.
        case operation(Operation)
        /// A request to any other HTTP API, by an `http.request` step; spends no server budget.
        case httpRequest
    }

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
    /// For a server's power the request within the action, from 0 (`server.power_cycle` has two); for `http.request` the place of
    /// its step in the rung, from 0.
    package var step: Int
    package var kind: Kind
    /// The server that it is about; `nil` for a create, which has none yet, and for other APIs.
    package var server: ServerID?
    /// The server's state when the intent was written, to tell later whether the request had an effect.
    package var preStatus: ServerStatus?
    package var preUpdatedAt: Timestamp?
    /// What is sent, where the operation and the server alone do not say it.
    package var request: IntentRequest?
    package var createdAt: Timestamp
    package var outcome: Outcome?
    package var finishedAt: Timestamp?

    package init(
        id: IntentID, run: RunID, rung: Int, step: Int, kind: Kind, server: ServerID?, preStatus: ServerStatus?,
        preUpdatedAt: Timestamp?, request: IntentRequest? = nil, createdAt: Timestamp, outcome: Outcome? = nil,
        finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.run = run
        self.rung = rung
        self.step = step
        self.kind = kind
        self.server = server
        self.preStatus = preStatus
        self.preUpdatedAt = preUpdatedAt
        self.request = request
        self.createdAt = createdAt
        self.outcome = outcome
        self.finishedAt = finishedAt
    }

    /// The operation of the Servers API; `nil` for a request to another API.
    package var operation: Operation? { kind.operation }
}

extension Intent.Kind: RawRepresentable {
    /// The name in the store and in the audit: `reboot`, `http.request`.
    package var rawValue: String {
        switch self {
        case .operation(let operation): operation.rawValue
        case .httpRequest: "http.request"
        }
    }

    package init?(rawValue: String) {
        if rawValue.utf8.elementsEqual("http.request".utf8) {
            self = .httpRequest
        } else if let operation = Operation(rawValue: rawValue) {
            self = .operation(operation)
        } else {
            return nil
        }
    }

    package var operation: Operation? {
        guard case .operation(let operation) = self else { return nil }
        return operation
    }
}
