package import JSON

/// How far a run has come within its rung and what its steps gave; kept with the run, so that a crash forgets none of it.
package struct RunProgress: Sendable, Hashable {
    /// The step of the rung that is next or at work, from 0.
    package var step: Int
    /// How often the request of that step was tried.
    package var attempts: Int
    /// What the steps that have an id gave: `steps.<id>` of templates and conditions.
    package var outputs: [String: JSONValue]
    /// How the run ends when the steps that are left are done; `nil` while its changing step is not.
    package var ending: Ending?
    /// What a step that creates or deletes servers has done; `nil` before its first request.
    package var scale: ScaleProgress?
    /// Since when the present step waits for a status; `nil` while it does not.
    package var since: Timestamp?
    /// When the `wait` step at work is over; `nil` when none is.
    package var waitUntil: Timestamp?
    /// How often the last rung was begun again by `while_firing`.
    package var repetitions: Int
    /// When the next repetition is due; `nil` when none is waited for.
    package var repeatAt: Timestamp?
    /// Hashes of the messages that were told last beside what `while_firing` repeats.
    package var told: [String]

    /// How a run ends once the requests after its changing step are done.
    package struct Ending: Sendable, Hashable {
        package var state: RunState
        package var reason: Reason
        package var detail: String

        package init(state: RunState, reason: Reason, detail: String) {
            self.state = state
            self.reason = reason
            self.detail = detail
        }
    }

    /// The longest stored form in bytes; outputs beyond it are cut.
    package static let maxBytes = 262_144

    package init(
        step: Int = 0, attempts: Int = 0, outputs: [String: JSONValue] = [:], ending: Ending? = nil, scale: ScaleProgress? = nil,
        since: Timestamp? = nil, waitUntil: Timestamp? = nil, repetitions: Int = 0, repeatAt: Timestamp? = nil,
        told: [String] = []
    ) {
        self.step = step
        self.attempts = attempts
        self.outputs = outputs
        self.ending = ending
        self.scale = scale
        self.since = since
        self.waitUntil = waitUntil
        self.repetitions = repetitions
        self.repeatAt = repeatAt
        self.told = told
    }

    /// Whether nothing of it has to be kept.
    package var isEmpty: Bool { self == RunProgress() }
}

/// How far a step that creates or deletes servers has come: `fleet.scale`, `server.create` or `server.delete`.
package struct ScaleProgress: Sendable, Hashable {
    /// A server by its id and name.
    package struct Member: Sendable, Hashable {
        package var id: ServerID
        package var name: String

        package init(id: ServerID, name: String) {
            self.id = id
            self.name = name
        }
    }

    /// How many servers the group had when the run began to change it.
    package var before: Int
    /// How many it is to have.
    package var desired: Int
    /// The servers that the run created or deleted, and whose state was seen.
    package var done: [Member]
    /// The server that was created or deleted and is waited for, or that is being drained.
    package var current: Member?
    /// Whether the request that takes ``current`` out of service was answered as expected.
    package var isDrained: Bool
    /// Whether a create whose outcome stayed unknown was repeated under its name; once at most.
    package var hasRepeated: Bool

    package init(
        before: Int, desired: Int, done: [Member] = [], current: Member? = nil, isDrained: Bool = false, hasRepeated: Bool = false
    ) {
        self.before = before
        self.desired = desired
        self.done = done
        self.current = current
        self.isDrained = isDrained
        self.hasRepeated = hasRepeated
    }
}
