import JSON
import Logging
import NIOCore
import NIOHTTP1

/// Answers the requests of the control socket: `POST /-/reload`, and nothing else.
///
/// Who may open the socket is the file system's to say, so nobody is asked who they are; `Host` says nothing here and is not looked at.
struct ControlResponder: Responder {
    /// What was asked for.
    enum Admitted: Sendable {
        case reload
    }

    let reload: @Sendable () async -> ControlAnswer
    let logger: Logger

    func admit(_ head: HTTPRequestHead) -> Admission<Admitted> {
        guard head.uri.utf8.elementsEqual("/-/reload".utf8) else { return .answered(Self.notFound.reply) }
        guard head.method == .POST else { return .answered(Problem.methodNotAllowed(allow: "POST").reply) }
        return .admitted(.reload)
    }

    func answer(_ admitted: Admitted, body: [UInt8]) async -> Reply {
        let answer = await reload()
        return Reply(
            answer.isDone ? .ok : .unprocessableEntity, type: "application/json",
            body: ByteBuffer(bytes: answer.body.serialized()), headers: [("Cache-Control", "no-store")])
    }

    func refused(_ admitted: Admitted?, _ problem: Problem) {
        logger.debug("control request rejected", metadata: ["reason": "\(problem.reason)"])
    }

    private static let notFound = Problem(
        status: .notFound, reason: "not_found", message: "nothing is here; there is POST /-/reload")
}
