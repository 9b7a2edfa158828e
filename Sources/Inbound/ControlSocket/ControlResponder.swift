import JSON
import Logging
import Model
import NIOCore
import NIOHTTP1

/// Answers the requests of the control socket: `POST /-/reload`, `POST /-/approvals/ID/approve` and `/deny`, and `POST /-/NAME` for each
/// of its commands; nothing else.
///
/// Who may open the socket is the file system's to say, so nobody is asked who they are; `Host` says nothing here and is not looked at.
struct ControlResponder: Responder {
    /// What was asked for.
    enum Admitted: Sendable {
        case reload
        case answer(ApprovalVote.Verdict, ApprovalID)
        case command(ControlCommand)
    }

    let reload: @Sendable () async -> ControlAnswer
    let decide: @Sendable (ApprovalVote.Verdict, ApprovalID, _ reason: String?) async -> ControlAnswer
    let commands: [String: ControlCommand]
    let logger: Logger

    func admit(_ head: HTTPRequestHead) -> Admission<Admitted> {
        guard let asked = asked(head.uri) else { return .answered(Self.notFound.reply) }
        guard head.method == .POST else { return .answered(Problem.methodNotAllowed(allow: "POST").reply) }
        return .admitted(asked)
    }

    private func asked(_ uri: String) -> Admitted? {
        if uri.utf8.elementsEqual("/-/reload".utf8) { return .reload }
        // A dictionary would take canonically equivalent names for the same.
        if let command = commands.first(where: { uri.utf8.elementsEqual("/-/\($0.key)".utf8) }) { return .command(command.value) }
        let parts = uri.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 5, parts[..<3].elementsEqual(["", "-", "approvals"], by: { $0.utf8.elementsEqual($1.utf8) }),
            let id = ApprovalID(typed: parts[3]),
            let verdict = ApprovalVote.Verdict.allCases.first(where: { $0.rawValue.utf8.elementsEqual(parts[4].utf8) })
        else { return nil }
        return .answer(verdict, id)
    }

    func answer(_ admitted: Admitted, body: [UInt8]) async -> Reply {
        let answer =
            switch admitted {
            case .reload: await reload()
            case .answer(let verdict, let id): await decide(verdict, id, Self.reason(in: body))
            case .command(let command): await command(body.isEmpty ? .null : (try? JSONValue.parse(body)) ?? .null)
            }
        return Reply(
            answer.isDone ? .ok : .unprocessableEntity, type: "application/json",
            body: ByteBuffer(bytes: answer.body.serialized()), headers: [("Cache-Control", "no-store")])
    }

    /// What the person said to it: `{"reason": "…"}`; a body that is something else says nothing.
    private static func reason(in body: [UInt8]) -> String? {
        (try? JSONValue.parse(body))?["reason"]?.stringValue
    }

    func refused(_ admitted: Admitted?, _ problem: Problem) {
        logger.debug("control request rejected", metadata: ["reason": "\(problem.reason)"])
    }

    private static let notFound = Problem(
        status: .notFound, reason: "not_found",
        message: "nothing is here that this version serves; use the vpsbridge command of the same version as the bridge")
}
