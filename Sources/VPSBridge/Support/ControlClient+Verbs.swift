import ArgumentParser
import Inbound
import JSON
import Model

/// What the verbs have in common that hand a person's word to the running bridge.
extension ControlClient {
    /// The answer of the running bridge; where none runs, that of `alone`, which is told why nobody answered.
    ///
    /// Exits with 69 when nobody answers and there is no `alone`, with 70 when what answers is no bridge of this version.
    static func ask(
        _ name: String, _ body: JSONValue? = nil, socket path: String,
        alone: ((_ unreachable: String) async throws -> ControlAnswer)? = nil
    ) async throws -> ControlAnswer {
        switch await post("/-/\(name)", body: body, socket: path) {
        case .answered(let status, let answer) where status == 200 || status == 422:
            return ControlAnswer(isDone: status == 200, body: answer)
        case .answered(let status, _):
            Output.note("vpsbridge: the bridge answered \(status)")
            throw ExitCode.fault
        case .unreachable(let reason):
            if let alone { return try await alone(reason) }
            Output.note("vpsbridge: \(reason)")
            throw ExitCode.unavailable
        }
    }

    /// Prints an answer: its `text`, or all of it as JSON. Exits with 1 when nothing was done, with 75 when a pause was in the way.
    static func tell(_ answer: ControlAnswer, json: Bool) throws {
        if json {
            Output.line(answer.body.description)
        } else {
            let lines = (answer.body["text"]?.stringValue ?? "").split(separator: "\n").map { String($0).printable }
            for line in lines { answer.isDone ? Output.line(line) : Output.note("vpsbridge: \(line)") }
        }
        if let code = exitCode(of: answer) { throw code }
    }

    /// What a verb with that answer ends with; `nil` when it was done.
    static func exitCode(of answer: ControlAnswer) -> ExitCode? {
        if answer.isDone { return nil }
        return answer.body["paused"]?.boolValue == true ? ExitCode.temporary : ExitCode.failed
    }
}
