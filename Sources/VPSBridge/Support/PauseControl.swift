import Engine
import Inbound
import Model

/// The commands of the stop switch on the control socket.
struct PauseControl: Sendable {
    let desk: PauseDesk
    let names: ServerNames
    /// Whether there is a rule or a source of that name, so that a misspelt one is not taken for a pause.
    let isKnown: @Sendable (PauseScope) -> Bool
    let clock: any TimeSource
    /// Rung after a resume: what waited is due.
    let workerDoorbell: Doorbell
    let messageDoorbell: Doorbell

    var pause: ControlCommand {
        { body in
            guard let request = PauseRequest(json: body) else { return .notUnderstood }
            return await desk.controlPause(request, names: names, isKnown: isKnown, now: clock.now())
        }
    }

    var resume: ControlCommand {
        { body in
            guard let request = PauseRequest(json: body) else { return .notUnderstood }
            let answer = await desk.controlResume(request, names: names, now: clock.now())
            workerDoorbell.ring()
            messageDoorbell.ring()
            return answer
        }
    }
}
