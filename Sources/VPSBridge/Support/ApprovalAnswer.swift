import Engine
import Inbound
import JSON
import Model
import Store

/// An answer of the command line, as it goes over the control socket.
extension ApprovalDesk {
    /// Counts it in the running bridge.
    func controlAnswer(
        _ verdict: ApprovalVote.Verdict, _ id: ApprovalID, reason: String?, now: Timestamp
    ) async -> ControlAnswer {
        do throws(StoreError) {
            let reply = try await answer(verdict, id, by: .commandLine, reason: reason, now: now)
            return reply.control
        } catch {
            return ControlAnswer(isDone: false, body: ["counted": false, "text": .string(error.message)])
        }
    }
}

extension ApprovalDesk.Reply {
    /// As it goes over the control socket.
    var control: ControlAnswer {
        ControlAnswer(isDone: isCounted, body: ["counted": .bool(isCounted), "text": .string(text)])
    }
}
