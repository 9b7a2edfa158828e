import HTTPTypes
import JSON
import Logging
import Model
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import Inbound

@Suite("Inbound: approvals over the control socket")
struct InboundControlApprovalTests {
    @Test(
        "an answer reaches the desk as it was given, and nothing else does",
        arguments: [
            ("POST", "/-/approvals/abc234/approve", #"{"reason":"go"}"#, "approve abc234 go"),
            ("POST", "/-/approvals/ABC234/deny", "", "deny abc234 -"),
            ("POST", "/-/approvals/abc234/deny", "not json", "deny abc234 -"),
            ("GET", "/-/approvals/abc234/approve", "", "405"), ("POST", "/-/approvals/abc234", "", "404"),
            ("POST", "/-/approvals/abc234/approve/", "", "404"), ("POST", "/-/approvals/abc23/approve", "", "404"),
            ("POST", "/-/approvals/../abc234/approve", "", "404"), ("POST", "/-/approvals/abc234/Approve", "", "404"),
        ])
    func answers(method: String, uri: String, body: String, expected: String) async throws {
        let seen = Mutex("")
        let responder = ControlResponder(
            reload: { ControlAnswer(isDone: true, body: .null) },
            decide: { verdict, id, reason in
                seen.withLock { $0 = "\(verdict.rawValue) \(id) \(reason ?? "-")" }
                return ControlAnswer(isDone: false, body: ["text": "told"])
            }, commands: [:], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        switch responder.admit(HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: uri)) {
        case .answered(let reply):
            #expect("\(reply.status.code)" == expected)
        case .admitted(let admitted):
            let reply = await responder.answer(admitted, body: Array(body.utf8))
            #expect(reply.status.code == 422, "what was not counted is no success")
            #expect(seen.withLock { $0 } == expected)
        }
    }
}
