import CurlTransport
import Model
import Testing

private func answer(_ status: Int, _ body: String) -> String {
    "HTTP/1.1 \(status) X\r\nX-Of: \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// A kind of request, what the server does with it, and what has to become of it.
private struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    let request: @Sendable (String) throws -> HTTPRequest
    var steps: [CurlTransportServer.Step] = [.write(answer(200, "fine"))]
    var expected = "response 200 200 fine"

    var testDescription: String { name }

    static let all: [Kind] = [
        Kind(name: "a GET", request: { try HTTPRequest(method: .get, url: $0 + "/get", isReplayable: true) }),
        Kind(
            name: "a GET with everything",
            request: {
                try HTTPRequest(
                    method: .get, url: $0 + "/full?a=b",
                    headers: [("X-One", "1"), ("X-Two", ""), ("Accept", "a/b"), ("User-Agent", "other")],
                    bearer: Secret("vps_first"), isReplayable: true, totalTimeout: .seconds(19), maxResponseBytes: 10_000)
            }),
        Kind(
            name: "a HEAD", request: { try HTTPRequest(method: .head, url: $0 + "/head", isReplayable: true) },
            steps: [.write("HTTP/1.1 200 X\r\nX-Of: 200\r\nContent-Length: 99\r\n\r\n")], expected: "response 200 200 "),
        Kind(
            name: "a POST",
            request: {
                try HTTPRequest(
                    method: .post, url: $0 + "/post", headers: [("Content-Type", "application/json"), ("X-Post", "p")],
                    bearer: Secret("vps_second"), body: Array(#"{"a":1}"#.utf8), isReplayable: false)
            }),
        Kind(
            name: "a POST of a long body",
            request: {
                try HTTPRequest(
                    method: .post, url: $0 + "/long", body: [UInt8](repeating: 0x61, count: 70_000), isReplayable: false)
            }),
        Kind(name: "a POST without a body", request: { try HTTPRequest(method: .post, url: $0 + "/none", isReplayable: false) }),
        Kind(
            name: "a POST of an empty body",
            request: { try HTTPRequest(method: .post, url: $0 + "/empty", body: [], isReplayable: false) }),
        Kind(
            name: "a PUT",
            request: {
                try HTTPRequest(
                    method: .put, url: $0 + "/put", headers: [("Content-Type", "a/b")], body: [0, 1, 2], isReplayable: false)
            }),
        Kind(
            name: "a PATCH", request: { try HTTPRequest(method: .patch, url: $0 + "/patch", body: [0x7B], isReplayable: false) }),
        Kind(
            name: "a DELETE", request: { try HTTPRequest(method: .delete, url: $0 + "/delete", isReplayable: false) },
            steps: [.write("HTTP/1.1 204 X\r\nX-Of: 204\r\n\r\n")], expected: "response 204 204 "),
        Kind(
            name: "a DELETE with a body",
            request: {
                try HTTPRequest(method: .delete, url: $0 + "/body", headers: [("X-D", "d")], body: [1, 2], isReplayable: false)
            }),
        Kind(
            name: "a GET with a small cap",
            request: { try HTTPRequest(method: .get, url: $0 + "/cap", isReplayable: true, maxResponseBytes: 3) },
            expected: "maybeSent tooLarge 200"),
        Kind(
            name: "a GET of much", request: { try HTTPRequest(method: .get, url: $0 + "/much", isReplayable: true) },
            steps: [.write(answer(200, String(repeating: "much", count: 20_000)))],
            expected: "response 200 200 " + String(repeating: "much", count: 20_000)),
        Kind(
            name: "a POST that fails",
            request: { try HTTPRequest(method: .post, url: $0 + "/fail", body: [1], isReplayable: false) },
            steps: [.write(answer(500, "oops")), .close], expected: "response 500 500 oops"),
        Kind(
            name: "a POST that is cut",
            request: { try HTTPRequest(method: .post, url: $0 + "/cut", body: [1], isReplayable: false) },
            steps: [.write("HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\nno"), .close], expected: "maybeSent reset 503"),
        Kind(
            name: "a POST without an answer",
            request: { try HTTPRequest(method: .post, url: $0 + "/lost", body: [1], isReplayable: false) },
            steps: [.close], expected: "maybeSent reset"),
        Kind(
            name: "an answer with an interim one and trailers",
            request: { try HTTPRequest(method: .get, url: $0 + "/trail", isReplayable: true) },
            steps: [
                .write("HTTP/1.1 103 E\r\nX-Of: 103\r\n\r\nHTTP/1.1 200 X\r\nX-Of: 200\r\nTransfer-Encoding: chunked\r\n\r\n"),
                .write("4\r\nfine\r\n0\r\nX-Of: 9\r\n\r\n"),
            ]),
    ]
}

/// A driver uses its transfers again: nothing of one request may be seen in the next, on the wire or in its outcome.
@Suite("CurlDriver: nothing of one request is left for the next")
struct CurlTransportLeftoverTests {
    @Test("every kind of request after every other is sent and answered as if it were the first", arguments: Kind.all)
    fileprivate func pairs(second: Kind) async throws {
        let alone = try await Self.send([second])
        #expect(alone.outcomes == [second.expected])
        for first in Kind.all {
            let both = try await Self.send([first, second])
            #expect(both.outcomes == [first.expected, second.expected], "after \(first.name)")
            let (was, mustBe) = (both.requests.last, alone.requests.last)
            #expect(was?.line == mustBe?.line && was?.body == mustBe?.body, "after \(first.name)")
            #expect(was.map(Self.headers) == mustBe.map(Self.headers), "after \(first.name)")
        }
    }

    @Test("a request of an event leaves its bounds to itself, a configured one its freedom", arguments: [false, true])
    func destinations(isEventFirst: Bool) async throws {
        let server = try CurlTransportServer([.serve(answer(200, "fine"))])
        let port = server.port
        let driver = try CurlDriver(
            configuration: CurlDriverConfiguration(
                maxInFlight: 1, route: { $0.port == 443 ? HostRoute(addresses: ["127.0.0.1"], port: port) : nil }))
        let event = try HTTPRequest(
            method: .get, url: "https://hooks.example.org/", isReplayable: true,
            destination: .event(EgressPolicy(allowedHosts: ["hooks.example.org"])))
        let configured = try HTTPRequest(method: .get, url: server.url, isReplayable: true)
        for isEvent in isEventFirst ? [true, false, true, false] : [false, true, false, true] {
            let outcome = Self.short(await driver.send(isEvent ? event : configured))
            #expect(outcome == (isEvent ? "notSent connect" : "response 200 200 fine"))
        }
        #expect(server.requests.count == 2 && server.accepted == 1)
        await driver.shutdown()
    }

    @Test("at 16 at once, each of a thousand requests gets its own answer")
    func mixedUp() async throws {
        let scripts: [CurlTransportServer.Step] = [.echo]
        let server = try CurlTransportServer(scripts)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 16, maxWaiting: 1_000))
        let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<1_000 {
                let body = number % 3 == 0 ? nil : Array("body \(number)".utf8)
                let request = try HTTPRequest(
                    method: number % 2 == 0 ? .post : .put, url: server.url + "/\(number)", headers: [("X-Number", "\(number)")],
                    bearer: number % 5 == 0 ? Secret("vps_\(number)") : nil, body: body, isReplayable: false)
                group.addTask {
                    guard case .response(let response) = await driver.send(request) else { return true }
                    let text = String(decoding: response.body, as: UTF8.self)
                    let token = number % 5 == 0 ? "Bearer vps_\(number)" : "-"
                    return text
                        != "\(request.method.rawValue) /\(number) \(number) \(token) \(String(decoding: body ?? [], as: UTF8.self))"
                }
            }
            return try await group.reduce(into: 0) { count, isWrong in count += isWrong ? 1 : 0 }
        }
        #expect(wrong == 0)
        await driver.shutdown()
    }

    private static func send(_ kinds: [Kind]) async throws -> (outcomes: [String], requests: [CurlTransportServer.Request]) {
        let script = kinds.flatMap { [CurlTransportServer.Step.read] + $0.steps }
        // What follows a step that closes is for the next connection.
        let server = try CurlTransportServer([script, (kinds.last.map { [.read] + $0.steps }) ?? []])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1))
        var outcomes: [String] = []
        for kind in kinds { outcomes.append(short(await driver.send(try kind.request(server.url)))) }
        await driver.shutdown()
        return (outcomes, server.requests)
    }

    /// Without the port, which is each server's own.
    private static func headers(_ request: CurlTransportServer.Request) -> [String] {
        request.headerLines.filter { !$0.hasPrefix("Host: 127.0.0.1:") }
    }

    private static func short(_ outcome: HTTPOutcome) -> String {
        switch outcome {
        case .response(let response):
            "response \(response.status) \(response.headers.filter { $0.0 == "X-Of" }.map(\.1).joined(separator: ",")) "
                + String(decoding: response.body, as: UTF8.self)
        case .notSent(let error): "notSent \(error.code.rawValue)"
        case .maybeSent(let error): "maybeSent \(error.code.rawValue)\(error.status.map { " \($0)" } ?? "")"
        }
    }
}
