import CurlTransport
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/// An outcome in short: `response 200 body`, `notSent code`, `maybeSent code status`.
private func short(_ outcome: HTTPOutcome) -> String {
    switch outcome {
    case .response(let response): "response \(response.status) \(String(decoding: response.body, as: UTF8.self))"
    case .notSent(let error): "notSent \(error.code.rawValue)"
    case .maybeSent(let error): "maybeSent \(error.code.rawValue)\(error.status.map { " \($0)" } ?? "")"
    }
}

@Suite("CurlDriver: what became of a request")
struct CurlTransportOutcomeTests {
    private static let answers: [(String, [CurlTransportServer.Step], String)] = [
        ("a whole answer", [.read, .write(ok)], "response 200 ok"),
        ("no content", [.read, .write("HTTP/1.1 204 No Content\r\n\r\n")], "response 204 "),
        ("a body that ends with the connection", [.read, .write("HTTP/1.1 200 OK\r\n\r\nok")], "response 200 ok"),
        ("HTTP/1.0", [.read, .write("HTTP/1.0 200 OK\r\n\r\nok")], "response 200 ok"),
        ("an interim response first", [.read, .write("HTTP/1.1 100 Continue\r\nA: 1\r\n\r\n" + ok)], "response 200 ok"),
        ("an answer in drips", [.read, .drip(ok, milliseconds: 1)], "response 200 ok"),
        ("a redirect", [.read, .write("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")], "response 302 "),
        ("a server error", [.read, .write("HTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\nx")], "response 500 x"),
        (
            "gzip that was not asked for is left as it is",
            [.read, .write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok")], "response 200 ok"
        ),
        ("FIN without an answer", [.read], "maybeSent reset"),
        ("RST without an answer", [.read, .reset], "maybeSent reset"),
        ("FIN inside the status line", [.read, .write("HTTP/1.1 20")], "maybeSent reset"),
        ("FIN inside the body", [.read, .write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")], "maybeSent reset 200"),
        ("RST inside the body", [.read, .write("HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nok"), .reset], "maybeSent reset 500"),
        (
            "FIN inside a chunk",
            [.read, .write("HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok")], "maybeSent reset 201"
        ),
        (
            "a chunk with a size that is no number",
            [.read, .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok")], "maybeSent reset 200"
        ),
        ("not HTTP", [.read, .write("SSH-2.0-OpenSSH_9.2\r\n")], "maybeSent other"),
        ("HTTP/0.9", [.read, .write("just text")], "maybeSent other"),
        (
            "an announced body over the cap",
            [.read, .write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"), .flood("0123456789", times: 500)],
            "maybeSent tooLarge 200"
        ),
        (
            "a chunked body over the cap",
            [.read, .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .flood("A\r\n0123456789\r\n", times: 500)],
            "maybeSent tooLarge 200"
        ),
        (
            "a body without end", [.read, .write("HTTP/1.1 200 OK\r\n\r\n"), .flood("0123456789", times: 1_000_000)],
            "maybeSent tooLarge 200"
        ),
        (
            "headers without end", [.read, .write("HTTP/1.1 200 OK\r\n"), .flood("A: 0123456789\r\n", times: 1_000_000)],
            "maybeSent tooLarge"
        ),
        (
            "interim responses without end", [.read, .flood("HTTP/1.1 100 Continue\r\n\r\n", times: 1_000_000)],
            "maybeSent tooLarge"
        ),
    ]

    @Test("answers and half answers", arguments: answers)
    func answer(scenario: String, script: [CurlTransportServer.Step], expected: String) async throws {
        let server = try CurlTransportServer(script)
        let driver = try CurlDriver()
        let request = try HTTPRequest(
            method: .post, url: server.url + "/a", body: Array("{}".utf8), isReplayable: false, maxResponseBytes: 1_024)
        let outcome = short(await driver.send(request))
        #expect(outcome == expected)
        #expect(server.requests.count == 1)
        await driver.shutdown()
    }

    @Test("a body of exactly the cap is taken, one byte more is not", arguments: [(1_024, true), (1_025, false)])
    func cap(size: Int, isTaken: Bool) async throws {
        let body = String(repeating: "x", count: size)
        let server = try CurlTransportServer([.read, .write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n\(body)")])
        let driver = try CurlDriver()
        let request = try HTTPRequest(method: .get, url: server.url, isReplayable: false, maxResponseBytes: 1_024)
        #expect(short(await driver.send(request)) == (isTaken ? "response 200 \(body)" : "maybeSent tooLarge 200"))
        #expect(server.requests.count == 1)
        await driver.shutdown()
    }

    @Test("a closed port, an unknown name and TLS to a plain port: not sent")
    func notSent() async throws {
        let closed = try CurlTransportServer([.read]).url
        let plain = try CurlTransportServer([.readBytes, .write("HTTP/1.1 400 Bad Request\r\n\r\n")])
        let driver = try CurlDriver()
        let cases = [
            (closed, "notSent connect"), ("http://no-such-host.invalid", "notSent resolve"),
            ("https://127.0.0.1:\(plain.port)", "notSent tls"),
        ]
        for (url, expected) in cases {
            let request = try HTTPRequest(method: .post, url: url, body: [], isReplayable: false)
            #expect(short(await driver.send(request)) == expected)
        }
        #expect(plain.requests.isEmpty)
        await driver.shutdown()
    }

    @Test("headers of interim responses and trailers do not pass for headers")
    func headers() async throws {
        let server = try CurlTransportServer([
            .read, .write("HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"),
            .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-One:  1\t\r\nX-Two: a\r\n b\r\n\r\n"),
            .write("2\r\nok\r\n0\r\nRetry-After: 2\r\nHTTP/1.1 500 x: y\r\n\r\n"),
        ])
        let driver = try CurlDriver()
        let request = try HTTPRequest(method: .get, url: server.url, isReplayable: false)
        guard case .response(let response) = await driver.send(request) else {
            Issue.record("no response")
            return
        }
        #expect(response.status == 200)
        #expect(response.headers.map(\.0) == ["Transfer-Encoding", "X-One", "X-Two"])
        #expect(response.header("x-one") == "1")
        #expect(response.header("X-TWO") == "a b")
        #expect(response.retryAfter == nil)
        #expect(server.requests.count == 1)
        await driver.shutdown()
    }

    @Test("a redirect is not followed")
    func redirect() async throws {
        let other = try CurlTransportServer([.read, .write(ok)])
        for status in [301, 302, 303, 307, 308] {
            let server = try CurlTransportServer([
                .read, .write("HTTP/1.1 \(status) X\r\nLocation: \(other.url)/\r\nContent-Length: 0\r\n\r\n"),
            ])
            let driver = try CurlDriver()
            let request = try HTTPRequest(method: .get, url: server.url, isReplayable: true)
            #expect(short(await driver.send(request)) == "response \(status) ")
            #expect(server.requests.count == 1)
            await driver.shutdown()
        }
        #expect(other.requests.isEmpty)
    }

    @Test("a 500 ms timeout ends in less than 600 ms", arguments: ["stall", "drip"])
    func timeout(kind: String) async throws {
        let script: [CurlTransportServer.Step] =
            kind == "stall" ? [.read, .hold] : [.read, .drip("HTTP/1.1 200 OK\r\n\r\n" + ok + ok + ok + ok, milliseconds: 20)]
        let server = try CurlTransportServer(script)
        let driver = try CurlDriver()
        let request = try HTTPRequest(method: .post, url: server.url, isReplayable: false, totalTimeout: .milliseconds(500))
        let elapsed = await curlTransportFastest(below: .milliseconds(600)) {
            #expect(short(await driver.send(request)).hasPrefix("maybeSent timeout"))
        }
        #expect(elapsed >= .milliseconds(490) && elapsed < .milliseconds(600))
        #expect(!server.requests.isEmpty)
        await driver.shutdown()
    }
}
