import HTTPTypes
import JSON
import Model
import Store
import Testing

@testable import Inbound

/// One request without a socket, and what the responder answers.
private struct InboundRequestCase: Sendable, CustomTestStringConvertible {
    var name: String
    var method: HTTPRequest.Method = .post
    var path: String
    var headers: HTTPFields = [:]
    var body = InboundBench.alert
    var status: Int
    /// The `error` of the answer, when it is a refusal.
    var reason: String?
    var outcome: IngestOutcome?

    var testDescription: String { name }
}

private let json: HTTPFields = [.contentType: "application/json"]
private let bearer: HTTPFields = [.contentType: "application/json", .authorization: "Bearer correct horse"]
// base64("monitor:correct horse")
private let basic: HTTPFields = [.contentType: "application/json", .authorization: "Basic bW9uaXRvcjpjb3JyZWN0IGhvcnNl"]

private func token(_ value: String) -> HTTPFields {
    var headers = json
    if let name = HTTPField.Name("x-token") { headers[name] = value }
    return headers
}

@Suite("Inbound: webhook requests", .timeLimit(.minutes(1)))
struct InboundHookTests {
    @Test(
        "each way to authenticate lets the right one in and nobody else",
        arguments: [
            InboundRequestCase(
                name: "bearer, second secret", path: "/hooks/bearer", headers: bearer, status: 200, outcome: .accepted),
            InboundRequestCase(name: "bearer missing", path: "/hooks/bearer", headers: json, status: 401, reason: "unauthorized"),
            InboundRequestCase(
                name: "bearer wrong", path: "/hooks/bearer",
                headers: [.contentType: "application/json", .authorization: "Bearer correct horsf"], status: 401,
                reason: "unauthorized"),
            InboundRequestCase(
                name: "another source's way", path: "/hooks/basic", headers: bearer, status: 401, reason: "unauthorized"),
            InboundRequestCase(name: "basic", path: "/hooks/basic", headers: basic, status: 200, outcome: .accepted),
            InboundRequestCase(
                name: "basic wrong", path: "/hooks/basic",
                headers: [.contentType: "application/json", .authorization: "Basic bW9uaXRvcjp3cm9uZw=="], status: 401,
                reason: "unauthorized"),
            InboundRequestCase(
                name: "header", path: "/hooks/header", headers: token("correct horse"), status: 200, outcome: .accepted),
            InboundRequestCase(
                name: "header wrong", path: "/hooks/header", headers: token("wrong"), status: 401, reason: "unauthorized"),
            InboundRequestCase(
                name: "header empty", path: "/hooks/header", headers: token(""), status: 401, reason: "unauthorized"),
            InboundRequestCase(
                name: "slack", path: "/hooks/slack", headers: InboundBench.slackHeaders(InboundBench.command),
                body: InboundBench.command, status: 200, outcome: .accepted),
            InboundRequestCase(
                name: "slack, another body", path: "/hooks/slack", headers: InboundBench.slackHeaders(InboundBench.command),
                body: InboundBench.command + "x", status: 401, reason: "unauthorized"),
            InboundRequestCase(
                name: "slack, another secret", path: "/hooks/slack",
                headers: InboundBench.slackHeaders(InboundBench.command, secret: "wrong"), body: InboundBench.command,
                status: 401,
                reason: "unauthorized"),
            InboundRequestCase(
                name: "slack, stale", path: "/hooks/slack",
                headers: InboundBench.slackHeaders(InboundBench.command, at: InboundClock.start - .seconds(301)),
                body: InboundBench.command, status: 401, reason: "stale_timestamp"),
            InboundRequestCase(
                name: "slack, unsigned", path: "/hooks/slack", headers: [.contentType: "application/x-www-form-urlencoded"],
                body: InboundBench.command, status: 401, reason: "unauthorized"),
        ])
    fileprivate func authentication(request: InboundRequestCase) async throws {
        try await check(request)
    }

    @Test(
        "what can not be a webhook is refused with its reason",
        arguments: [
            InboundRequestCase(name: "unknown source", path: "/hooks/nobody", status: 404, reason: "unknown_source"),
            InboundRequestCase(name: "no source", path: "/hooks/", status: 404, reason: "not_found"),
            InboundRequestCase(name: "another path", path: "/", status: 404, reason: "not_found"),
            InboundRequestCase(name: "metrics are not here", method: .get, path: "/metrics", status: 404, reason: "not_found"),
            InboundRequestCase(
                name: "GET", method: .get, path: "/hooks/bearer", headers: bearer, status: 405, reason: "method_not_allowed"),
            InboundRequestCase(
                name: "PUT", method: .put, path: "/hooks/bearer", headers: bearer, status: 405, reason: "method_not_allowed"),
            InboundRequestCase(
                name: "HEAD", method: .head, path: "/hooks/bearer", headers: bearer, body: "", status: 405,
                reason: "method_not_allowed"),
            InboundRequestCase(
                name: "not JSON by its type", path: "/hooks/bearer",
                headers: [.contentType: "text/plain", .authorization: "Bearer correct horse"], status: 415, reason: "content_type"
            ),
            InboundRequestCase(
                name: "no type", path: "/hooks/bearer", headers: [.authorization: "Bearer correct horse"], status: 415,
                reason: "content_type"),
            InboundRequestCase(
                name: "compressed", path: "/hooks/bearer",
                headers: [
                    .contentType: "application/json", .authorization: "Bearer correct horse", .contentEncoding: "gzip",
                ], status: 415, reason: "content_encoding"),
            InboundRequestCase(
                name: "too long", path: "/hooks/bearer", headers: bearer, body: String(repeating: " ", count: 1 << 20) + "{}",
                status: 413, reason: "body_too_large"),
            InboundRequestCase(name: "empty", path: "/hooks/bearer", headers: bearer, body: "", status: 400, reason: "malformed"),
            InboundRequestCase(
                name: "wrong version", path: "/hooks/bearer", headers: bearer, body: #"{"version":"3","alerts":[]}"#, status: 400,
                reason: "wrong_version"),
        ])
    fileprivate func refusals(request: InboundRequestCase) async throws {
        try await check(request)
    }

    @Test("a body that is no JSON is refused with the place of the error")
    func position() async throws {
        let bench = InboundBench()
        let body = "{\n  \"version\": \"4\",\n  \"alerts\": [],\n  \"version\": \"4\"\n}"
        let answer = try await bench.send("/hooks/bearer", bearer, body)
        #expect(answer.status == 400)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(try answer.json("error") == "malformed")
        #expect(try answer.json("message")?.stringValue?.contains("line 4, column 3") == true)
        #expect(bench.log.lines.count == 1)
        #expect(bench.log.lines.first?["source"] == "bearer")
        #expect(bench.log.lines.first?["reason"] == "malformed")
    }

    @Test("an accepted request is stored as it came, rings the doorbell once and gets the sender's answer")
    func accepted() async throws {
        let bench = InboundBench()
        let answer = try await bench.send("/hooks/bearer", bearer, InboundBench.alert)
        #expect(answer.status == 200)
        #expect(answer.body == Array("{}".utf8))
        #expect(answer.headers[.connection] == nil)
        let delivery = try #require(bench.store.accepted.first)
        #expect(delivery.source == "bearer")
        #expect(delivery.body == Array(InboundBench.alert.utf8))
        #expect(delivery.contentType == "application/json")
        #expect(delivery.receivedAt == InboundClock.start)
        #expect(!delivery.isUrgent)
        #expect(bench.doorbell.value == 1)
        #expect(bench.server.metrics.count(source: "bearer", .accepted) == 1)
        #expect(bench.log.lines.isEmpty)
    }

    @Test("a message without alerts is a success, too: a refused one would be sent again for ever")
    func noAlerts() async throws {
        try await check(
            InboundRequestCase(
                name: "no alerts", path: "/hooks/bearer", headers: bearer, body: InboundBench.noAlerts, status: 200,
                outcome: .accepted))
    }

    @Test(
        "what can not be stored is answered 503 with Retry-After, never 2xx and never 429",
        arguments: [
            (StoreError.Code.full, "overloaded"), (.unwritable, "unwritable"), (.unusable, "unavailable"),
            (.closed, "unavailable"),
            (.conflict, "unavailable"),
        ])
    func unstorable(code: StoreError.Code, reason: String) async throws {
        let bench = InboundBench(store: InboundFakeStore(failing: code))
        let answer = try await bench.send("/hooks/bearer", bearer, InboundBench.alert)
        #expect(answer.status == 503)
        #expect(answer.headers[.retryAfter] == "5")
        #expect(try answer.json("error") == .string(reason))
        #expect(bench.doorbell.value == 0)
        #expect(bench.server.metrics.count(source: "bearer", .overloaded) == 1)
        #expect(bench.server.metrics.count(source: "bearer", .accepted) == 0)
    }

    @Test("a monitor's repeat is a success and rings no doorbell")
    func duplicate() async throws {
        let bench = InboundBench(store: InboundFakeStore { _ in .success(.duplicate(of: DeliveryID(rawValue: 1))) })
        #expect(try await bench.send("/hooks/bearer", bearer, InboundBench.alert).status == 200)
        #expect(bench.doorbell.value == 0)
        #expect(bench.server.metrics.count(source: "bearer", .duplicate) == 1)
    }

    @Test("more bodies at once than there is memory for are answered 503, and the memory is given back")
    func memory() async throws {
        let bench = InboundBench(limits: ListenerLimits(maxBodyBytesInFlight: 200))
        try await bench.listening { port in
            let refused = try await InboundBench.send("/hooks/bearer", bearer, Array(InboundBench.alert.utf8), port: port)
            #expect(refused.status == 503)
            #expect(refused.headers[.retryAfter] == "5")
            #expect(try refused.json("error") == "overloaded")
            for _ in 0..<4 {
                let taken = try await InboundBench.send("/hooks/bearer", bearer, Array(InboundBench.noAlerts.utf8), port: port)
                #expect(taken.status == 200)
            }
        }
        #expect(bench.server.metrics.count(source: "bearer", .overloaded) == 1)
    }

    /// Sends it and compares the answer, the counters and the log.
    private func check(_ request: InboundRequestCase) async throws {
        let bench = InboundBench()
        let answer = try await bench.send(method: request.method, request.path, request.headers, request.body)
        #expect(answer.status == request.status)
        if request.method == .head {
            #expect(answer.body.isEmpty)
        } else if let reason = request.reason {
            #expect(try answer.json("error") == .string(reason))
            #expect(try answer.json("message")?.stringValue?.isEmpty == false)
        }
        #expect((answer.headers[.wwwAuthenticate] != nil) == (request.status == 401))
        #expect((answer.headers[.allow] != nil) == (request.status == 405))
        #expect(bench.store.accepted.count == (request.status == 200 ? 1 : 0))
        if let outcome = request.outcome {
            let source = String(request.path.dropFirst("/hooks/".count))
            #expect(bench.server.metrics.count(source: source, outcome) == 1)
        }
        for line in bench.log.lines {
            #expect(!line.values.contains { $0.contains(InboundBench.secret) || $0.contains("HostDown") })
        }
    }
}
