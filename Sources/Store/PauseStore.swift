package import Model

/// The verbs of the stop switch: what is paused, and what waits for it. Each is one transaction, as ``Store`` says.
package protocol PauseStore: Sendable {
    /// Stops what the scope covers, from the next transaction on that would write an intent.
    ///
    /// A pause of the same scope that is in force is replaced, unless the new one is not to shorten it and would. Writes an audit
    /// entry and the messages of the request.
    /// - Returns: the pause that is in force afterwards.
    func pause(_ request: NewPause) async throws(StoreError) -> Pause

    /// Lifts the pause of exactly that scope, and makes the runs due at `at` that waited for any pause; those still covered by another
    /// one are refused again.
    ///
    /// Writes an audit entry, also when nothing of that scope was paused.
    func resume(_ request: PauseEnd) async throws(StoreError) -> ResumeOutcome

    /// Makes the runs due that wait for a pause or for the stop switch, without lifting a pause.
    /// - Returns: how many there are.
    func wakePaused(now: Timestamp) async throws(StoreError) -> Int
}

/// A pause to begin.
package struct NewPause: Sendable, Hashable {
    package var scope: PauseScope
    /// For people; bounded by the caller.
    package var reason: String
    package var actor: String
    package var at: Timestamp
    /// When it ends by itself; `nil` is when a person lifts it.
    package var until: Timestamp?
    /// Whether it takes the place of one in force that would last longer: a person's may, the bridge's own never.
    package var mayShorten: Bool

    package init(
        scope: PauseScope, reason: String, actor: String, at: Timestamp, until: Timestamp? = nil, mayShorten: Bool = true
    ) {
        self.scope = scope
        self.reason = reason
        self.actor = actor
        self.at = at
        self.until = until
        self.mayShorten = mayShorten
    }
}

/// The end of a pause by a person.
package struct PauseEnd: Sendable, Hashable {
    package var scope: PauseScope
    package var actor: String
    package var at: Timestamp

    package init(scope: PauseScope, actor: String, at: Timestamp) {
        self.scope = scope
        self.actor = actor
        self.at = at
    }
}

/// What a resume came to.
package struct ResumeOutcome: Sendable, Hashable {
    /// What was lifted; `nil` when nothing of that scope was in force.
    package var lifted: Pause?
    /// What is still in force.
    package var remaining: [Pause]
    /// What waited for a pause, those first that owe a server its start.
    package var waiting: [PausedRun]

    package init(lifted: Pause?, remaining: [Pause], waiting: [PausedRun]) {
        self.lifted = lifted
        self.remaining = remaining
        self.waiting = waiting
    }
}

/// A run that waits for a pause to end.
package struct PausedRun: Sendable, Hashable {
    package var run: Run
    /// Whether the bridge stopped its server and has not started it again: that start goes first when the pause ends.
    package var owesStart: Bool

    package init(run: Run, owesStart: Bool) {
        self.run = run
        self.owesStart = owesStart
    }
}
