import Engine
import Inbound
import JSON
import Model
import Rules

/// What a reload came to, as it goes over the control socket.
extension ReloadOutcome {
    var answer: ControlAnswer {
        let (result, reason): (String, String?) =
            switch verdict {
            case .taken: ("taken", nil)
            case .unchanged: ("unchanged", nil)
            case .refused(let reason): ("refused", reason)
            }
        return ControlAnswer(
            isDone: isTaken,
            body: [
                "result": .string(result), "reason": .optional(reason), "revision": .string(revision.rawValue),
                "rules": .int(Int64(rules)), "diagnostics": DiagnosticReport.json(diagnostics)["diagnostics"] ?? [],
                "text": .string(diagnostics.rendered),
            ])
    }
}
