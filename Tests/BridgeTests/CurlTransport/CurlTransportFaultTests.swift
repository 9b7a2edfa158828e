import CurlTransport
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

private func short(_ outcome: HTTPOutcome) -> String {
    switch outcome {
    case .response(let response): "response \(response.status)"
    case .notSent(let error): "notSent \(error.code.rawValue)"
    case .maybeSent(let error): "maybeSent \(error.code.rawValue)\(error.status.map { " \($0)" } ?? "")"
    }
}

private func expected(_ result: CurlTransportFault.Result) -> String {
    switch result {
    case .lost(let code): "maybeSent \(code.rawValue)"
    case .cut(let code, let status): "maybeSent \(code.rawValue) \(status)"
    case .answered(let status, _): "response \(status)"
    }
}

@Suite("CurlDriver: faults of the answer", .serialized)
struct CurlTransportFaultTests {
    @Test(
        "a POST meets a fault: what is known is right, the server saw it once, and the next request is whole",
        arguments: CurlTransportFault.all)
    func fault(fault: CurlTransportFault) async throws {
        for isReused in [false, true] {
            let tested = try await Self.isTested(fault, isReused: isReused)
            #expect(tested, "a busy machine: the request never left in time, five times over")
        }
    }

    /// False when the machine was too busy to send the request within a short timeout.
    private static func isTested(_ fault: CurlTransportFault, isReused: Bool) async throws -> Bool {
        for _ in 0..<5 {
            let before: [CurlTransportServer.Step] = isReused ? [.read, .write(ok)] : []
            let server = try CurlTransportServer([before + [.read] + fault.steps + [.serve(ok)], [.serve(ok)]])
            let driver = try CurlDriver()
            let get = try HTTPRequest(method: .get, url: server.url + "/after", isReplayable: true)
            if isReused { #expect(short(await driver.send(get)) == "response 200") }
            let post = try HTTPRequest(
                method: .post, url: server.url + "/act", headers: [("X-Once", "1")], body: [1], isReplayable: false,
                totalTimeout: fault.timeout)
            let outcome = await driver.send(post)
            let posts = server.requests.filter { $0.line == "POST /act HTTP/1.1" }
            if short(outcome) == "notSent timeout", fault.timeout < .seconds(1), posts.isEmpty {
                await driver.shutdown()
                continue
            }
            #expect(short(outcome) == expected(fault.result), "reused: \(isReused)")
            #expect(posts.count == 1, "reused: \(isReused)")
            if case .response(let response) = outcome, case .answered(_, let wait) = fault.result {
                #expect(response.retryAfter == wait)
            }
            guard case .response(let next) = await driver.send(get) else {
                Issue.record("the next request has no answer")
                return true
            }
            #expect(next.status == 200 && next.body == Array("ok".utf8) && next.headers.map(\.0) == ["Content-Length"])
            #expect(server.requests.last?.headerLines.contains { $0.hasPrefix("X-Once") } == false)
            await driver.shutdown()
            return true
        }
        return false
    }

    private static let whole = "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello, world"

    @Test(
        "FIN or RST after every single byte of an answer, on a new and on a reused connection", arguments: ["FIN", "RST"],
        [false, true])
    func everyByte(end: String, isReused: Bool) async throws {
        let bodyStart = Self.whole.utf8.count - 12
        let driver = try CurlDriver()
        for count in 0...Self.whole.utf8.count {
            let part = String(decoding: Self.whole.utf8.prefix(count), as: UTF8.self)
            let before: [CurlTransportServer.Step] = isReused ? [.read, .write(ok)] : []
            let fault: [CurlTransportServer.Step] = (part.isEmpty ? [] : [.write(part)]) + [end == "FIN" ? .close : .reset]
            let server = try CurlTransportServer([before + [.read] + fault, [.serve(ok)]])
            if isReused { _ = await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true)) }
            let post = try HTTPRequest(method: .post, url: server.url + "/act", body: [1], isReplayable: false)
            let outcome = short(await driver.send(post))
            let wanted =
                count < bodyStart ? "maybeSent reset" : count < Self.whole.utf8.count ? "maybeSent reset 201" : "response 201"
            #expect(outcome == wanted, "after \(count) bytes")
            #expect(server.requests.count { $0.line == "POST /act HTTP/1.1" } == 1, "after \(count) bytes")
        }
        await driver.shutdown()
    }

    // libcurl notices a FIN before it uses the connection again. A RST it notices when it writes: if nothing has left by then, the POST
    // may go out on another connection or be told as not sent.
    @Test(
        "a kept connection that has died meanwhile: the POST goes out once, on another, or nobody sees it",
        arguments: ["FIN", "RST"])
    func diedIdle(end: String) async throws {
        for _ in 0..<20 {
            let server = try CurlTransportServer([[.read, .write(ok), end == "FIN" ? .close : .reset], [.serve(ok)]])
            let driver = try CurlDriver()
            #expect(
                short(await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true))) == "response 200")
            await server.waitForClosed(1)
            let post = try HTTPRequest(method: .post, url: server.url + "/act", body: [1], isReplayable: false)
            let outcome = await driver.send(post)
            let seen = server.requests.dropFirst().map(\.line)
            switch outcome {
            case .notSent where end == "RST": #expect(seen.isEmpty)
            // A RST that arrives while the request is being written: nobody can tell, and nobody may repeat it.
            case .maybeSent where end == "RST": #expect(seen.isEmpty)
            default:
                #expect(short(outcome) == "response 200")
                #expect(seen == ["POST /act HTTP/1.1"])
            }
            await driver.shutdown()
        }
    }

    private static let stray = "HTTP/1.1 299 Stray\r\nContent-Length: 5\r\n\r\nstray"

    @Test(
        "an answer that nobody asked for is not taken for the next request's",
        arguments: ["at once", "later", "after a body of no length"])
    func stray(kind: String) async throws {
        let first =
            kind == "after a body of no length"
            ? "HTTP/1.1 204 No Content\r\n\r\n" + Self.stray : kind == "at once" ? ok + Self.stray : ok
        let late: [CurlTransportServer.Step] = kind == "later" ? [.write(Self.stray)] : []
        let server = try CurlTransportServer([[.read, .write(first)] + late + [.serve(ok)], [.serve(ok)]])
        let driver = try CurlDriver()
        _ = await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true))
        // The stray bytes are with this side's system when the second one's answer is.
        let other = try CurlDriver()
        _ = await other.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true))
        let post = try HTTPRequest(method: .post, url: server.url + "/act", body: [1], isReplayable: false)
        let outcome = short(await driver.send(post))
        // libcurl 7.88 does not look whether bytes wait on a connection that it uses again: what comes after the answer was read, and
        // before the next request, it takes for the next answer.
        withKnownIssue("stray bytes on a kept connection are taken for an answer", isIntermittent: true) {
            #expect(outcome == "response 200")
            #expect(server.requests.count { $0.line == "POST /act HTTP/1.1" } == 1)
        } when: {
            kind == "later"
        }
        await other.shutdown()
        await driver.shutdown()
    }
}
