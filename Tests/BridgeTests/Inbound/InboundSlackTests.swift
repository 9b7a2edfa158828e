import HTTPTypes
import JSON
import Model
import Store
import Testing

@testable import Inbound

@Suite("Inbound: Slack commands", .timeLimit(.minutes(1)))
struct InboundSlackTests {
    private func send(
        to bench: InboundBench, body: String = InboundBench.command, headers: HTTPFields? = nil
    ) async throws -> InboundAnswer {
        try await bench.send("/hooks/slack", headers ?? InboundBench.slackHeaders(body), body)
    }

    @Test("a command is stored as urgent, its token masked, and its person told what will be done")
    func command() async throws {
        let bench = InboundBench()
        let answer = try await send(to: bench)
        #expect(answer.status == 200)
        #expect(try answer.json("response_type") == "ephemeral")
        #expect(try answer.json("text") == "restarting web-1")
        let delivery = try #require(bench.store.accepted.first)
        #expect(delivery.isUrgent)
        #expect(delivery.dedupKey != nil)
        #expect(!String(decoding: delivery.body, as: UTF8.self).contains("token=t&"))
        #expect(bench.doorbell.value == 1)
    }

    @Test("without words of our own the person gets Slack's plain success")
    func noAnswer() async throws {
        let answer = try await send(to: InboundBench(answer: nil))
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
    }

    @Test("a replayed command is refused and does nothing")
    func replay() async throws {
        let bench = InboundBench(store: InboundFakeStore { _ in .success(.duplicate(of: DeliveryID(rawValue: 1))) })
        let answer = try await send(to: bench)
        #expect(answer.status == 401)
        #expect(try answer.json("error") == "replayed")
        #expect(bench.doorbell.value == 0)
        #expect(bench.server.metrics.count(source: "slack", .rejectedAuth) == 1)
    }

    @Test("a command that can not be stored is not acknowledged")
    func full() async throws {
        let bench = InboundBench(store: InboundFakeStore(failing: .full))
        let answer = try await send(to: bench)
        #expect(answer.status == 503)
    }

    @Test("Slack's certificate check is answered without a signature, and a command in it counts for nothing")
    func certificateCheck() async throws {
        let bench = InboundBench()
        let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        let answer = try await send(to: bench, body: "ssl_check=1&" + InboundBench.command, headers: form)
        #expect(answer.status == 200)
        #expect(bench.store.accepted.isEmpty)
        #expect(bench.doorbell.value == 0)
        #expect(bench.server.metrics.count(source: "slack", .answered) == 1)
    }
}
