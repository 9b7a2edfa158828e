import Engine
import Inbound
import Model

/// The commands of the control socket, by their names in `POST /-/NAME`.
///
/// One line for each; what it does stands in a file of its own.
struct ControlCommands {
    let pauses: PauseControl
    let ownership: OwnershipDesk
    let records: RecordDesk
    let rules: RuleControl
    let clock: any TimeSource
    let workerDoorbell: Doorbell

    /// All of them.
    var table: [String: ControlCommand] {
        var table: [String: ControlCommand] = [
            "pause": pauses.pause,
            "resume": pauses.resume,
            "rules-promote": rules.promote,
            OwnershipVerb.adopt.rawValue: { await ownership.control(.adopt, $0, now: clock.now()) },
            OwnershipVerb.disown.rawValue: { await ownership.control(.disown, $0, now: clock.now()) },
        ]
        for command in RecordCommand.allCases {
            table[command.rawValue] = command.served(at: records, clock: clock) { [workerDoorbell] in workerDoorbell.ring() }
        }
        return table
    }
}
