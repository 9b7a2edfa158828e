import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Model
import Store
import Testing

@testable import Inbound

@Suite("Inbound: Slack commands", .timeLimit(.minutes(1)))
struct InboundSlackTests {
    private func send(
        to bench: InboundBench, body: String = InboundBench.command, headers: HTTPFields? = nil,
        check: @escaping @Sendable (TestResponse) async throws -> Void
    ) async throws {
        try await bench.server.application.test(.router) { client in
            try await client.execute(
                uri: "/hooks/slack", method: .post, headers: headers ?? InboundBench.slackHeaders(body),
                body: ByteBuffer(string: body), testCallback: check)
        }
    }

    @Test("a command is stored as urgent, its token masked, and its person told what will be done")
    func command() async throws {
        let bench = InboundBench()
        try await send(to: bench) { response in
            #expect(response.status == .ok)
            let answer = try JSONValue.parse(Array(response.body.readableBytesView))
            #expect(answer["response_type"] == "ephemeral")
            #expect(answer["text"] == "restarting web-1")
        }
        let delivery = try #require(bench.store.accepted.first)
        #expect(delivery.isUrgent)
        #expect(delivery.dedupKey != nil)
        #expect(!String(decoding: delivery.body, as: UTF8.self).contains("token=t&"))
        #expect(bench.doorbell.value == 1)
    }

    @Test("without words of our own the person gets Slack's plain success")
    func noAnswer() async throws {
        try await send(to: InboundBench(answer: nil)) { response in
            #expect(response.status == .ok)
            #expect(response.body.readableBytes == 0)
        }
    }

    @Test("a replayed command is refused and does nothing")
    func replay() async throws {
        let bench = InboundBench(store: InboundFakeStore { _ in .success(.duplicate(of: DeliveryID(rawValue: 1))) })
        try await send(to: bench) { response in
            #expect(response.status == .unauthorized)
            let answer = try JSONValue.parse(Array(response.body.readableBytesView))
            #expect(answer["error"] == "replayed")
        }
        #expect(bench.doorbell.value == 0)
        #expect(bench.server.metrics.count(source: "slack", .rejectedAuth) == 1)
    }

    @Test("a command that can not be stored is not acknowledged")
    func full() async throws {
        let bench = InboundBench(store: InboundFakeStore(failing: .full))
        try await send(to: bench) { response in
            #expect(response.status == .serviceUnavailable)
        }
    }

    @Test("Slack's certificate check is answered without a signature, and a command in it counts for nothing")
    func certificateCheck() async throws {
        let bench = InboundBench()
        let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        try await send(to: bench, body: "ssl_check=1&" + InboundBench.command, headers: form) { response in
            #expect(response.status == .ok)
        }
        #expect(bench.store.accepted.isEmpty)
        #expect(bench.doorbell.value == 0)
        #expect(bench.server.metrics.count(source: "slack", .answered) == 1)
    }
}
