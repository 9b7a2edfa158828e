import CurlTransport
import Model
import Testing
import VPSAPI

private let id = ServerID(rawValue: 12_345)
private let page: String = {
    let body = #"{"id": 12345, "name": "web-1", "status": "active"}"#
    return "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}()

/// A changing operation, with the request that it is.
private struct Change: Sendable {
    let name: String
    let line: String
    /// Whether its result is in the answer's body; for the others a 2xx alone is enough.
    let needsBody: Bool
    let call: @Sendable (VPSAPIClient) async throws(APIError) -> Void

    static let all = [
        Change(
            name: "create", line: "POST /api/v1/servers/", needsBody: true,
            call: { client async throws(APIError) in
                _ = try await client.create(CreateServer(name: "web-7", planID: 2, osID: 5, location: "us-east"))
            }),
        Change(
            name: "replace", line: "PUT /api/v1/servers/12345/", needsBody: true,
            call: { client async throws(APIError) in
                _ = try await client.replace(id, ReplaceServer(name: "a", hostname: "a.example", backupsEnabled: true))
            }),
        Change(
            name: "update", line: "PATCH /api/v1/servers/12345/", needsBody: true,
            call: { client async throws(APIError) in _ = try await client.update(id, UpdateServer(name: "a")) }),
        Change(
            name: "delete", line: "DELETE /api/v1/servers/12345/", needsBody: false,
            call: { client async throws(APIError) in try await client.delete(id) }),
        Change(
            name: "start", line: "POST /api/v1/servers/12345/start/", needsBody: false,
            call: { client async throws(APIError) in _ = try await client.start(id) }),
        Change(
            name: "stop", line: "POST /api/v1/servers/12345/stop/", needsBody: false,
            call: { client async throws(APIError) in _ = try await client.stop(id) }),
        Change(
            name: "reboot", line: "POST /api/v1/servers/12345/reboot/", needsBody: false,
            call: { client async throws(APIError) in _ = try await client.reboot(id) }),
    ]

    /// Code, certainty and wait in a word, or `success`.
    func outcome(_ client: VPSAPIClient) async -> String {
        do {
            try await call(client)
            return "success"
        } catch {
            return Self.short(error.code, error.certainty, error.retryAfter)
        }
    }

    static func short(_ code: APIError.Code, _ certainty: APIError.Certainty, _ wait: Duration? = nil) -> String {
        "\(code.rawValue) \(certainty.rawValue)\(wait.map { " \($0)" } ?? "")"
    }

    /// What is to be said after a fault.
    func expected(_ result: CurlTransportFault.Result) -> String {
        switch result {
        case .lost: Self.short(.outcomeUnknown, .unknown)
        case .cut(_, 200): needsBody ? Self.short(.outcomeUnknown, .unknown) : "success"
        case .cut(_, 400): Self.short(.badRequest, .notExecuted)
        case .cut: Self.short(.serverError, .unknown)
        case .answered(200, _): needsBody ? Self.short(.invalidAnswer, .unknown) : "success"
        case .answered(302, _), .answered(304, _): Self.short(.redirected, .unknown)
        case .answered(400, _): Self.short(.badRequest, .notExecuted)
        case .answered(429, let wait): Self.short(.rateLimited, .notExecuted, wait)
        case .answered(_, let wait): Self.short(.serverError, .unknown, wait)
        }
    }
}

/// Sends with a shorter timeout than the client asks for.
private struct HastyTransport: HTTPTransport {
    let transport: CurlDriver
    let timeout: Duration

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let isChange = request.method != .get
        guard
            let hasty = try? HTTPRequest(
                method: request.method, url: request.url, headers: request.headers, bearer: request.bearer, body: request.body,
                isReplayable: request.isReplayable, totalTimeout: isChange ? min(timeout, request.totalTimeout) : .seconds(20),
                maxResponseBytes: request.maxResponseBytes)
        else { return .notSent(TransportError(.other, "the request can not be built again")) }
        return await transport.send(hasty)
    }
}

private func client(_ url: String, _ driver: CurlDriver, timeout: Duration = .seconds(20)) throws -> VPSAPIClient {
    try VPSAPIClient(baseURL: url, token: Secret("vps_canary"), transport: HastyTransport(transport: driver, timeout: timeout))
}

@Suite("VPSAPIClient: every changing operation meets every fault", .serialized)
struct VPSAPIFaultTests {
    @Test(
        "the server sees the operation once, the certainty is right, and the next request works",
        arguments: CurlTransportFault.all)
    func fault(fault: CurlTransportFault) async throws {
        let driver = try CurlDriver()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for change in Change.all {
                for isReused in [false, true] {
                    group.addTask { try await Self.check(change, fault, isReused: isReused, driver) }
                }
            }
            try await group.waitForAll()
        }
        await driver.shutdown()
    }

    private static func check(_ change: Change, _ fault: CurlTransportFault, isReused: Bool, _ driver: CurlDriver) async throws {
        let scenario = "\(change.name), \(isReused ? "reused" : "new") connection"
        for _ in 0..<5 {
            let before: [CurlTransportServer.Step] = isReused ? [.read, .write(page)] : []
            let server = try CurlTransportServer([before + [.read] + fault.steps + [.serve(page)], [.serve(page)]])
            let client = try client(server.url, driver, timeout: fault.timeout)
            if isReused { _ = try await client.get(id) }
            let outcome = await change.outcome(client)
            let seen = server.requests.count { $0.line == change.line + " HTTP/1.1" }
            // A busy machine may take longer than a short timeout to send anything; then nothing was, and it is tried again.
            if fault.timeout < .seconds(1), outcome == Change.short(.notSent, .notExecuted), seen == 0 { continue }
            #expect(outcome == change.expected(fault.result), "\(scenario)")
            #expect(seen == 1, "\(scenario)")
            #expect(try await client.get(id).id == id, "\(scenario)")
            #expect(server.requests.count { !$0.line.hasPrefix("GET ") } == 1, "\(scenario)")
            return
        }
        Issue.record("the machine is too busy: nothing left within the timeout, five times over; \(scenario)")
    }

    @Test(
        "what never left is not executed, for every operation",
        arguments: ["closed port", "no such host", "no room", "shut down"])
    func notSent(kind: String) async throws {
        let server = try CurlTransportServer([kind == "no room" ? [.read, .hold] : [.serve(page)]])
        let url = kind == "closed port" ? "http://127.0.0.1:1" : kind == "no such host" ? "http://vps.invalid" : server.url
        for change in Change.all {
            let driver = try CurlDriver(
                configuration: CurlDriverConfiguration(maxInFlight: kind == "no room" ? 1 : 64, maxWaiting: 0))
            let client = try client(url, driver)
            let before = server.requests.count
            let other = Task { if kind == "no room" { _ = try await client.get(id) } }
            if kind == "no room" { await server.waitForRequests(before + 1) }
            if kind == "shut down" { await driver.shutdown() }
            #expect(await change.outcome(client) == Change.short(.notSent, .notExecuted), "\(change.name)")
            other.cancel()
            _ = try? await other.value
            await driver.shutdown()
        }
        #expect(server.requests.allSatisfy { $0.line.hasPrefix("GET ") })
    }

    @Test(
        "a kept connection that has died meanwhile: sent once on another, or not sent and not executed",
        arguments: ["FIN", "RST"])
    func diedIdle(end: String) async throws {
        for change in Change.all {
            let server = try CurlTransportServer([[.read, .write(page), end == "FIN" ? .close : .reset], [.serve(page)]])
            let driver = try CurlDriver()
            let client = try client(server.url, driver)
            _ = try await client.get(id)
            await server.waitForClosed(1)
            let outcome = await change.outcome(client)
            let seen = server.requests.count { $0.line == change.line + " HTTP/1.1" }
            if end == "RST", outcome == Change.short(.notSent, .notExecuted) {
                #expect(seen == 0, "\(change.name)")
            } else {
                #expect(outcome == "success" && seen == 1, "\(change.name)")
            }
            #expect(try await client.get(id).id == id, "\(change.name)")
            await driver.shutdown()
        }
    }

    private static let handshakes: [(CurlTransportTLSServer.Behaviour, timeout: Duration, isSent: Bool)] = [
        (.closeInHandshake, .seconds(20), false), (.resetInHandshake, .seconds(20), false),
        (.garbageInHandshake, .seconds(20), false), (.stallInHandshake, .milliseconds(300), false),
        (.oldTLS, .seconds(20), false), (.closeAfterRequest, .seconds(20), true), (.cutAfterRequest, .seconds(20), true),
        (.cutInBody, .seconds(20), true),
    ]

    @Test(
        "TLS faults: what fell in the handshake is not executed, what fell after it is seen once",
        .enabled(if: CurlTransportTLSServer.isAvailable, "needs /usr/bin/python3 and /usr/bin/openssl"), arguments: handshakes)
    func tls(behaviour: CurlTransportTLSServer.Behaviour, timeout: Duration, isSent: Bool) async throws {
        let server = try CurlTransportTLSServer(behaviour, answer: page)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for change in Change.all {
                group.addTask {
                    let driver = try CurlDriver(configuration: CurlDriverConfiguration(caFile: server.certificate))
                    let client = try client(server.url, driver, timeout: timeout)
                    let fault: CurlTransportFault.Result = behaviour == .cutInBody ? .cut(.reset, status: 200) : .lost(.reset)
                    let expected = isSent ? change.expected(fault) : Change.short(.notSent, .notExecuted)
                    #expect(await change.outcome(client) == expected, "\(change.name)")
                    await driver.shutdown()
                }
            }
            try await group.waitForAll()
        }
        let expected = isSent ? Change.all.map { $0.line + " HTTP/1.1" } : []
        #expect(await server.requests().sorted() == expected.sorted())
    }
}
