package import Model
package import Store

/// Takes people's pauses and resumes; command line and whatever comes later are only faces of this.
package struct PauseDesk: Sendable {
    /// What a resume came to.
    package struct Resumption: Sendable {
        /// What became of the file that stops everything.
        package enum StopFile: String, Sendable, Hashable {
            /// There was none, or something else was resumed.
            case absent
            case removed
            /// It is still there and stops everything: it can not be removed.
            case stuck
        }

        package var stopFile: StopFile
        package var outcome: ResumeOutcome
    }

    private let store: any PauseStore & Queries
    private let brakes: Brakes

    package init(store: any PauseStore & Queries, brakes: Brakes) {
        self.store = store
        self.brakes = brakes
    }

    /// Pauses that scope, for that long or until it is resumed. When it returns, the pause is on disk and nothing that it covers
    /// leaves any more.
    package func pause(
        _ scope: PauseScope, reason: String, by actor: String, for span: Duration?, now: Timestamp
    ) async throws(StoreError) -> Pause {
        let request = NewPause(
            scope: scope, reason: ApprovalCommand.bounded(reason) ?? "no reason was given", actor: actor, at: now,
            until: span.map { now + $0 })
        let pause = try await store.pause(request)
        try await brakes.board.refresh(from: store, now: now)
        return pause
    }

    /// Lifts that pause; of everything, the stop switch too. Says what waits, and what is owed.
    package func resume(_ scope: PauseScope, by actor: String, now: Timestamp) async throws(StoreError) -> Resumption {
        var stopFile = Resumption.StopFile.absent
        if scope == .all, let stop = brakes.stop, stop.isStopped { stopFile = stop.lift() ? .removed : .stuck }
        let outcome = try await store.resume(PauseEnd(scope: scope, actor: actor, at: now))
        try await brakes.board.refresh(from: store, now: now)
        return Resumption(stopFile: stopFile, outcome: outcome)
    }
}
