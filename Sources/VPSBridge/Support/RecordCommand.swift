import Engine
import Inbound
import JSON
import Model
import Store

/// What the command line does with what is stored, by its name on the control socket.
enum RecordCommand: String, CaseIterable, Sendable {
    case retry = "dead-retry"
    case discard = "dead-discard"
    case replay = "events-replay"
    case resolve = "runs-resolve"

    /// Who acts by the control socket: whoever may open its file.
    static let actor = "operator"

    /// Does what the body asks for, which the command line of the same version wrote.
    func perform(_ body: JSONValue, at desk: RecordDesk, now: Timestamp) async throws(StoreError) -> RecordDesk.Answer {
        guard let id = body["id"]?.intValue else { return RecordDesk.Answer(isDone: false, text: "the request names no id") }
        switch self {
        case .retry: return try await desk.retry(DeadLetterID(rawValue: id), by: Self.actor, now: now)
        case .discard:
            return try await desk.discard(
                DeadLetterID(rawValue: id), reason: body["reason"]?.stringValue, by: Self.actor, now: now)
        case .replay:
            return try await desk.replay(
                DeliveryID(rawValue: id), event: body["event"]?.intValue.map { Int($0) }, rule: body["rule"]?.stringValue,
                by: Self.actor, now: now)
        case .resolve:
            guard let happened = body["happened"]?.boolValue else {
                return RecordDesk.Answer(isDone: false, text: "the request does not say whether it happened")
            }
            return try await desk.resolve(RunID(rawValue: id), happened: happened, by: Self.actor, now: now)
        }
    }

    /// The command as the control socket serves it; `wake` is called when something was done.
    func served(
        at desk: RecordDesk, clock: any TimeSource, wake: @escaping @Sendable () -> Void
    ) -> ControlCommand {
        { body in
            do throws(StoreError) {
                let answer = try await perform(body, at: desk, now: clock.now())
                if answer.isDone { wake() }
                return answer.control
            } catch {
                return RecordDesk.Answer(isDone: false, text: error.message).control
            }
        }
    }
}

extension RecordDesk.Answer {
    /// As it goes over the control socket.
    var control: ControlAnswer {
        ControlAnswer(
            isDone: isDone,
            body: [
                "done": .bool(isDone), "paused": .bool(isPaused), "text": .string(text),
                "runs": .array(runs.map { .int($0.rawValue) }),
            ])
    }
}
