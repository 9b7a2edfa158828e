package import Model
package import Store

/// All that stops requests in memory: the stop switch, and the board of pauses. They know nothing of each other.
package struct Brakes: Sendable {
    /// `nil` where there is no data folder, as in rule tests.
    package let stop: StopSwitch?
    package let board: PauseBoard

    package init(stop: StopSwitch? = nil, board: PauseBoard = PauseBoard()) {
        self.stop = stop
        self.board = board
    }

    /// Why nothing changing may leave at all, whatever it is; `nil` when the stop switch is off.
    package var stopRefusal: Refusal? {
        guard let stop, stop.isStopped else { return nil }
        return Refusal(
            reason: .paused, until: nil,
            detail: "everything is stopped by the file \(stop.path): remove it, or `vpsbridge resume`")
    }

    /// What is stopped now. To be asked anew immediately before every request.
    package var standstill: Standstill { Standstill(stop: stopRefusal, pauses: board.pauses) }
}

/// What is stopped at one instant; a value, for a run to judge by.
package struct Standstill: Sendable {
    /// Everything, by the stop switch.
    package let stop: Refusal?
    package let pauses: [Pause]

    package init(stop: Refusal? = nil, pauses: [Pause] = []) {
        self.stop = stop
        self.pauses = pauses
    }

    /// Why that request must not leave now; `nil` when nothing stops it.
    package func refusal(of subject: PauseSubject, now: Timestamp) -> Refusal? {
        stop
            ?? pauses.stopping(subject, at: now).map { pause in
                Refusal(reason: .paused, until: pause.until, detail: pause.words)
            }
    }
}
