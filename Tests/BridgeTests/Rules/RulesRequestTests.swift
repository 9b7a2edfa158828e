import JSON
import Model
import Testing

@testable import Rules

/// `http.request`: every value stays in its place, whatever it holds.
@Suite("rules: requests")
struct RulesRequestTests {
    private static let canary = "s3cr3t-c4n4ry"
    private static let secrets = ["TOKEN": Secret(canary), "TICKETS": Secret("quo\"te\n\\")]

    private func step(_ with: String, _ options: String = "") throws -> Step {
        let line = "actions: [{action: http.request, \(options)with: \(with)}]"
        let load = RulesFixture.load(RulesFixture.alertRule(line), secrets: ["TOKEN", "TICKETS"])
        return try #require(load.ruleSet?.rules.first?.rungs.first?.steps.first, "\(load.diagnostics.rendered)")
    }

    private func request(_ with: String) throws -> HTTPRequestStep {
        guard case .httpRequest(let request) = try step(with).action else { throw RulesRequestMistake() }
        return request
    }

    private func context(_ value: String) -> EvaluationContext {
        EvaluationContext(
            event: RulesFixture.alert(["v": value], payload: ["n": 7, "list": [1, "x"], "none": nil]), server: RulesFixture.server
        )
    }

    private func render(_ with: String, _ value: String = "x") throws -> RenderedRequest {
        try request(with).render(context(value), secrets: Self.secrets)
    }

    // MARK: - What hostile values become

    /// Values that try to leave their place, each with what it has to be in a path and in a query.
    private static let hostile: [(value: String, encoded: String)] = [
        ("${{ secrets.TOKEN }}", "%24%7B%7B%20secrets.TOKEN%20%7D%7D"), ("}} b {{", "%7D%7D%20b%20%7B%7B"),
        ("a\"b'c", "a%22b%27c"), ("a/b", "a%2Fb"), ("a?b=c&d#e", "a%3Fb%3Dc%26d%23e"), ("..%2f", "..%252f"),
        ("../x", "..%2Fx"), ("a\\b", "a%5Cb"), ("@evil.example", "%40evil.example"), ("\u{E4}\u{1F600}", "%C3%A4%F0%9F%98%80"),
        ("!tag &a *a", "%21tag%20%26a%20%2Aa"), ("...", "..."), (" ", "%20"), ("%2e%2e", "%252e%252e"),
    ]

    @Test("a value stays one segment of the path", arguments: hostile)
    func path(_ value: String, _ encoded: String) throws {
        let request = try render("{url: \"https://a.example/x/${{ event.labels.v }}/y\"}", value)
        #expect(request.url == "https://a.example/x/\(encoded)/y")
    }

    @Test("a value stays one value of the query", arguments: hostile)
    func query(_ value: String, _ encoded: String) throws {
        let inline = try render("{url: \"https://a.example/?q=${{ event.labels.v }}\", query: {r: b}}", value)
        #expect(inline.url == "https://a.example/?q=\(encoded)&r=b")
        let named = try render("{url: \"https://a.example\", query: {\"a b\": \"<${{ event.labels.v }}>\", c: 5}}", value)
        #expect(named.url == "https://a.example?a%20b=%3C\(encoded)%3E&c=5")
    }

    @Test(
        "a value that would be an empty segment or a dot segment, or that holds controls, is refused",
        arguments: ["", ".", "..", "a\r\nHost: evil", "a\nb", "a\rb", "\u{0}", "a\u{1B}[2J", "\u{7F}"])
    func pathRefused(_ value: String) throws {
        let failure = failure { try render("{url: \"https://a.example/x/${{ event.labels.v }}\"}", value) }
        #expect(failure?.kind == .invalidValue)
        #expect(failure?.message.contains(value.isEmpty ? "\u{FFFD}" : value) == false || value == "." || value == "..")
    }

    @Test(
        "a segment that only becomes a dot segment together with what stands beside it is refused",
        arguments: [
            ("https://a.example/.${{ event.labels.v }}", "."), ("https://a.example/%2e${{ event.labels.v }}", "."),
            ("https://a.example/%2E${{ event.labels.v }}/y", "."),
            ("https://a.example/${{ event.labels.v }}${{ event.labels.v }}", "."),
        ])
    func dotsTogether(_ url: String, _ value: String) {
        #expect(failure { try render("{url: \"\(url)\"}", value) }?.kind == .invalidValue)
    }

    @Test(
        "a header value with a line end, NUL or another control is refused",
        arguments: ["a\r\nX-Evil: 1", "a\n b", "a\rb", "\u{0}", "\u{8}", "\u{7F}"])
    func header(_ value: String) throws {
        let with = "{url: \"https://a.example\", headers: {X-A: \"a ${{ event.labels.v }}\"}}"
        #expect(failure { try render(with, value) }?.kind == .invalidValue)
        let fine = try render(with, "${{ event.labels.v }} \"\t, \u{E4}")
        #expect(fine.headers.map(\.name) == ["X-A"])
        #expect(fine.headers[0].value.shown == "a ${{ event.labels.v }} \"\t, \u{E4}")
    }

    @Test("a secret with a line end can not stand in a header, and the failure does not show it")
    func secretInHeader() {
        let failure = failure {
            try render("{url: \"https://a.example\", headers: {X-A: \"${{ secrets.TICKETS }}\"}}")
        }
        #expect(failure?.kind == .invalidValue)
        #expect(failure?.message.contains("quo") == false)
    }

    @Test(
        "a value in JSON is that value and nothing else",
        arguments: [
            "\", \"admin\": true, \"x\": \"", "${{ secrets.TOKEN }}", "}}", "\r\n\u{0}\u{1}\u{7F}\u{2028}", "\\",
            "\u{E4}\u{1F600}",
            "", "{\"a\": 1}", "null",
        ])
    func json(_ value: String) throws {
        let body = try render(
            "{url: \"https://a.example\", json: {whole: \"${{ event.labels.v }}\", part: \"<${{ event.labels.v }}>\", last: 1}}",
            value
        ).body
        let parsed = try JSONValue.parse(try #require(body).value.reveal())
        #expect(parsed == ["whole": .string(value), "part": .string("<\(value)>"), "last": 1])
    }

    @Test("types are kept where a value is whole")
    func types() throws {
        let body = try render(
            """
            {url: "https://a.example", json: {n: "${{ event.payload.n }}", t: "${{ event.payload.n }} ", l: "${{ event.payload.list }}",
            z: "${{ event.payload.none }}", b: "${{ server.id > 5 }}", f: 1.5, s: "5", lit: "$${{ x", m: "${{ {'a': [1u]} }}"}}
            """.split(separator: "\n").joined(separator: " ")
        ).body
        #expect(
            body?.shown
                == #"{"n":7,"t":"7 ","l":[1,"x"],"z":null,"b":true,"f":1.5,"s":"5","lit":"${{ x","m":{"a":[1]}}"#)
    }

    // MARK: - Secrets

    @Test("a secret is sent and never shown: description, mirror and dump included")
    func secretsAreMasked() throws {
        let with = """
            {url: "https://a.example", headers: {Authorization: "Bearer ${{ secrets.TOKEN }}"}, \
            json: {token: "${{ secrets.TOKEN }}", both: "a ${{ secrets.TICKETS }} ${{ event.labels.v }}"}}
            """
        #expect(try request(with).secretNames == ["TICKETS", "TOKEN"])
        let request = try render(with)
        let header = try #require(request.headers.first)
        #expect(String(decoding: header.value.value.reveal(), as: UTF8.self) == "Bearer \(Self.canary)")
        #expect(header.value.shown == "Bearer ***")
        let body = try #require(request.body)
        #expect(
            try JSONValue.parse(body.value.reveal()) == ["token": .string(Self.canary), "both": "a quo\"te\n\\ x"])
        #expect(body.shown == #"{"token":"***","both":"a *** x"}"#)
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped, "\(header.value)", String(reflecting: body)] {
            #expect(!text.contains(Self.canary))
            #expect(!text.contains("quo"))
        }
    }

    @Test("a secret that is not configured any more fails before anything is sent")
    func secretIsGone() throws {
        let request = try request("{url: \"https://a.example\", body: \"${{ secrets.TOKEN }}\"}")
        let failure = failure { try request.render(context("x"), secrets: [:]) }
        #expect(failure?.kind == .missing)
        #expect(failure?.path == "secrets.TOKEN")
    }

    @Test("a value of the event never becomes a secret")
    func noSecondLook() throws {
        let body = try render("{url: \"https://a.example\", body: \"${{ event.labels.v }}\"}", "${{ secrets.TOKEN }}").body
        #expect(body?.shown == "${{ secrets.TOKEN }}")
        #expect(body.map { String(decoding: $0.value.reveal(), as: UTF8.self) } == "${{ secrets.TOKEN }}")
    }

    // MARK: - The rest of a request

    @Test("method, content type and origin")
    func defaults() throws {
        let get = try render("{url: \"https://a.example:8443/x\"}")
        #expect(get.method == "GET")
        #expect(get.headers.isEmpty)
        #expect(get.body == nil)
        #expect(try request("{url: \"https://a.example:8443/x/${{ event.labels.v }}\"}").url.origin == "https://a.example:8443")
        let post = try render("{url: \"https://a.example\", json: 5}")
        #expect(post.method == "POST")
        #expect(post.headers.map { "\($0.name): \($0.value.shown)" } == ["Content-Type: application/json"])
        let own = try render("{url: \"https://a.example\", headers: {content-type: application/x-a}, json: {}}")
        #expect(own.headers.map(\.name) == ["content-type"])
        let text = try render("{method: PATCH, url: \"https://a.example\", body: hello}")
        #expect(text.method == "PATCH")
        #expect(text.headers.map(\.value.shown) == ["text/plain; charset=utf-8"])
    }

    @Test("an address, a text and a body that grow too long are refused")
    func tooLong() {
        let long = String(repeating: "x", count: 9_000)
        #expect(failure { try render("{url: \"https://a.example/${{ event.labels.v }}\"}", long) }?.kind == .cost)
        let parts = String(repeating: "\"${{ event.labels.v }}\", ", count: 200)
        #expect(failure { try render("{url: \"https://a.example\", json: [\(parts)]}", long) }?.kind == .cost)
    }

    @Test("a missing value fails the request")
    func missing() {
        #expect(failure { try render("{url: \"https://a.example/${{ event.labels.nope }}\"}") }?.kind == .missing)
    }

    @Test("what a step says besides its request, and its defaults")
    func options() throws {
        let plain = try step("{url: \"https://a.example\"}")
        #expect(plain.timeout == .seconds(30))
        #expect(plain.retry == nil)
        #expect(plain.expect == .standard)
        #expect(plain.expect?.statuses == Set(200...299))
        let retry = try step("{url: \"https://a.example\"}", "retry: 3, expect: 204, ").retry
        #expect(
            retry
                == StepRetry(
                    attempts: 3, initialDelay: .seconds(1), maxDelay: .seconds(30), statuses: [429, 500, 502, 503, 504]))
        let long = try step(
            "{url: \"https://a.example\"}",
            "id: a, timeout: 5s, if: \"server.id == 1\", retry: {attempts: 2, initial_delay: 1m}, expect: {status: [200, 409]}, ")
        #expect(long.id == "a")
        #expect(long.timeout == .seconds(5))
        #expect(long.expect?.statuses == [200, 409])
        #expect(long.retry?.maxDelay == .seconds(60))
        #expect(long.condition?.text == "server.id == 1")
        #expect(long.condition?.judge(context("x")).verdict == .noMatch)
    }

    private func failure(_ body: () throws -> RenderedRequest) -> EvaluationFailure? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? EvaluationFailure
        }
    }
}

private struct RulesRequestMistake: Error {}
