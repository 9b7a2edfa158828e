import Inbound
import JSON
import Model
import Store

/// What people say about rules by the control socket.
struct RuleControl: Sendable {
    let store: any FleetStore
    let clock: any TimeSource

    /// `{"rule": NAME}`: a demoted rule acts by itself again.
    var promote: ControlCommand {
        { body in
            guard let rule = body["rule"]?.stringValue else {
                return ControlAnswer(isDone: false, body: ["promoted": false, "text": "name a rule"])
            }
            do throws(StoreError) {
                return try await promotion(of: rule)
            } catch {
                return ControlAnswer(isDone: false, body: ["promoted": false, "text": .string(error.message)])
            }
        }
    }

    /// Promotes, and says what came of it.
    func promotion(of rule: String) async throws(StoreError) -> ControlAnswer {
        let isDone = try await store.promote(rule: rule, actor: "operator", now: clock.now())
        let text = isDone ? "rule \(rule) acts by itself again" : "rule \(rule) is not demoted"
        return ControlAnswer(isDone: isDone, body: ["promoted": .bool(isDone), "text": .string(text)])
    }
}
