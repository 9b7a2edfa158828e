import InMemoryTracing
import Instrumentation
import Model
import Synchronization
import Testing
import Tracing

@testable import CurlTransport

@Suite("ObservedTransport")
struct CurlTransportObservationTests {
    private static let canary = "canary-5b1f"

    /// Answers with what it was given, and lets a test look in while it does.
    private struct Exchanger: HTTPExchanging {
        let exchange: HTTPExchange
        var meanwhile: @Sendable () -> Void = {}

        func send(_ request: HTTPRequest) async -> HTTPOutcome { await exchange(request).outcome }

        func exchange(_ request: HTTPRequest) async -> HTTPExchange {
            meanwhile()
            return exchange
        }
    }

    private static func request(
        _ method: HTTPMethod = .get, url: String = "https://api.example.com:8443/hooks/\(canary)?token=\(canary)"
    ) throws -> HTTPRequest {
        try HTTPRequest(
            method: method, url: url, headers: [("X-Key", canary)], bearer: Secret(canary),
            body: method == .get ? nil : Array(canary.utf8), isReplayable: false)
    }

    private static let fresh = HTTPAttempt(
        queued: .milliseconds(10),
        timings: HTTPTimings(
            nameLookup: .milliseconds(20), connect: .milliseconds(50), tls: .milliseconds(90), firstByte: .milliseconds(190),
            total: .milliseconds(240)),
        isConnectionReused: false, bytesSent: 300, bytesReceived: 2_000, requestsReleased: 1)

    private static let reused = HTTPAttempt(
        timings: HTTPTimings(firstByte: .milliseconds(100), total: .milliseconds(120)), isConnectionReused: true, bytesSent: 200,
        bytesReceived: 100, requestsReleased: 2)

    private static func answer(_ status: Int) -> HTTPOutcome {
        .response(HTTPResponse(status: status, headers: [("X-Echo", canary)], body: Array(canary.utf8)))
    }

    private static func text(_ metrics: TransportMetrics) -> String {
        var text = MetricsText()
        metrics.render(into: &text)
        return text.text
    }

    // MARK: Metrics

    @Test("attempts are counted by upstream, method and what became of them; times, connections and bytes add up")
    func counts() async throws {
        let metrics = TransportMetrics()
        let results: [(HTTPMethod, HTTPExchange)] = [
            (.post, HTTPExchange(outcome: Self.answer(200), attempt: Self.fresh)),
            (.post, HTTPExchange(outcome: Self.answer(200), attempt: Self.reused)),
            (.get, HTTPExchange(outcome: Self.answer(418), attempt: Self.reused)),
            (.get, HTTPExchange(outcome: .notSent(TransportError(.resolve, "no such name")), attempt: HTTPAttempt())),
            (.get, HTTPExchange(outcome: .maybeSent(TransportError(.reset, "gone")), attempt: HTTPAttempt())),
        ]
        for (method, exchange) in results {
            let transport = ObservedTransport(
                upstream: .api, exchanger: Exchanger(exchange: exchange), metrics: metrics)
            _ = await transport.send(try Self.request(method))
        }
        let lines = Set(Self.text(metrics).split(separator: "\n").map(String.init))
        for line in [
            #"attempts_total{upstream="api",method="POST",outcome="response",code="200"} 2"#,
            #"attempts_total{upstream="api",method="GET",outcome="response",code="4xx"} 1"#,
            #"attempts_total{upstream="api",method="GET",outcome="not_sent",code="resolve"} 1"#,
            #"attempts_total{upstream="api",method="GET",outcome="maybe_sent",code="reset"} 1"#,
            #"duration_seconds_count{upstream="api"} 5"#, #"duration_seconds_sum{upstream="api"} 0.49"#,
            #"duration_seconds_bucket{upstream="api",le="0.1"} 2"#, #"duration_seconds_bucket{upstream="api",le="0.25"} 5"#,
            #"first_byte_seconds_count{upstream="api"} 3"#, #"first_byte_seconds_sum{upstream="api"} 0.4"#,
            #"phase_seconds_count{upstream="api",phase="queue"} 5"#, #"phase_seconds_sum{upstream="api",phase="queue"} 0.01"#,
            #"phase_seconds_sum{upstream="api",phase="name_lookup"} 0.02"#,
            #"phase_seconds_sum{upstream="api",phase="connect"} 0.03"#,
            #"phase_seconds_count{upstream="api",phase="connect"} 1"#,
            #"phase_seconds_sum{upstream="api",phase="tls"} 0.04"#, #"phase_seconds_count{upstream="api",phase="wait"} 3"#,
            #"phase_seconds_count{upstream="api",phase="transfer"} 3"#,
            #"connections_total{upstream="api",reused="true"} 2"#, #"connections_total{upstream="api",reused="false"} 1"#,
            #"resends_total{upstream="api"} 2"#, #"sent_bytes_total{upstream="api"} 700"#,
            #"received_bytes_total{upstream="api"} 2200"#, #"in_flight{upstream="api"} 0"#,
            #"duration_seconds_count{upstream="probe"} 0"#,
        ] {
            #expect(lines.contains("vpsbridge_http_client_" + line), "\(line)")
        }
        #expect(metrics.attempts(.api, outcome: "response", code: "200") == 2)
        #expect(metrics.attempts(.request, outcome: "response", code: "200") == 0)
    }

    @Test("the phases add up to the whole, whichever took place", arguments: [fresh, reused])
    func phases(_ attempt: HTTPAttempt) {
        #expect(attempt.phases.reduce(Duration.zero) { $0 + $1.duration } == attempt.whole)
    }

    @Test("an upstream can not add series at will: of an unknown status only the class is kept")
    func boundedStatuses() {
        let codes = Set((-5...1_200).map { AttemptResult(Self.answer($0)).code })
        #expect(codes.isSuperset(of: ["200", "402", "429", "503", "2xx", "4xx", "9xx", "other"]))
        #expect(codes.count <= 40, "\(codes.sorted())")
    }

    @Test("what is under way is a gauge")
    func inFlight() async throws {
        let metrics = TransportMetrics()
        let seen = Mutex("")
        let exchanger = Exchanger(exchange: HTTPExchange(outcome: Self.answer(200), attempt: Self.fresh)) {
            seen.withLock { $0 = Self.text(metrics) }
        }
        let transport = ObservedTransport(upstream: .notification, exchanger: exchanger, metrics: metrics)
        _ = await transport.send(try Self.request(.post))
        #expect(seen.withLock { $0 }.contains("vpsbridge_http_client_in_flight{upstream=\"notification\"} 1\n"))
        #expect(Self.text(metrics).contains("vpsbridge_http_client_in_flight{upstream=\"notification\"} 0\n"))
    }

    @Test("every line is what Prometheus reads, every family has help and type once, and no line holds a secret")
    func exposition() async throws {
        let metrics = TransportMetrics()
        for upstream in UpstreamName.allCases {
            let exchange = HTTPExchange(outcome: Self.answer(200), attempt: Self.fresh)
            let transport = ObservedTransport(upstream: upstream, exchanger: Exchanger(exchange: exchange), metrics: metrics)
            _ = await transport.send(try Self.request())
        }
        let text = Self.text(metrics)
        #expect(!text.utf8.contains(0) && text.hasSuffix("\n") && !text.contains(Self.canary) && !text.contains("example"))
        var families: [Substring] = []
        for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ")
            families.append(words[2])
            #expect(words[3] != "counter" || words[2].hasSuffix("_total"), "\(line)")
        }
        #expect(families.count == Set(families).count)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            #expect(families.contains { line.hasPrefix($0) }, "\(line)")
            #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
        }
    }

    @Test("the gate of an upstream is seen: its breakers, tokens, rate, and what it held back")
    func gate() {
        var gate = UpstreamGate()
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        guard case .admitted(let permit) = gate.admit(.list, now: now) else {
            Issue.record("a fresh gate lets a list out")
            return
        }
        _ = gate.finished(permit, .unauthorized, now: now, random: 0)
        _ = gate.admit(.mutate, now: now)
        var text = MetricsText()
        gate.state(now: now).render(into: &text, upstream: .api)
        let lines = Set(text.text.split(separator: "\n").map(String.init))
        for line in [
            #"breaker{upstream="api",breaker="credentials",state="open"} 1"#,
            #"breaker{upstream="api",breaker="credentials",state="closed"} 0"#,
            #"breaker{upstream="api",breaker="read",state="closed"} 1"#, #"retry_tokens{upstream="api"} 500.0"#,
            #"rate_limit_per_second{upstream="api"} 5.0"#,
            #"let_out_total{upstream="api"} 1"#, #"held_back_total{upstream="api",reason="unauthorized"} 1"#,
            #"held_back_total{upstream="api",reason="bulkhead"} 0"#, #"gate_in_flight{upstream="api",kind="read"} 0"#,
        ] {
            #expect(lines.contains("vpsbridge_http_client_" + line), "\(line)\n\(text.text)")
        }
    }

    // MARK: Spans

    private static func span(_ exchange: HTTPExchange, _ request: HTTPRequest) async throws -> FinishedInMemorySpan {
        let tracer = InMemoryTracer()
        let transport = ObservedTransport(
            upstream: .request, exchanger: Exchanger(exchange: exchange), metrics: TransportMetrics())
        await withTracer(tracer) { _ = await transport.send(request) }
        let spans = tracer.finishedSpans
        #expect(spans.count == 1)
        return try #require(spans.first)
    }

    @Test("an attempt is one client span with OpenTelemetry's names, and its phases")
    func spanOfResponse() async throws {
        let span = try await Self.span(HTTPExchange(outcome: Self.answer(200), attempt: Self.fresh), try Self.request(.post))
        #expect(span.operationName == "POST")
        #expect(span.kind == .client)
        #expect(span.status == nil)
        let expected: [String: SpanAttribute] = [
            "http.request.method": .string("POST"), "server.address": .string("api.example.com"), "server.port": .int64(8_443),
            "url.scheme": .string("https"), "http.response.status_code": .int64(200), "http.request.size": .int64(300),
            "http.response.size": .int64(2_000), "vpsbridge.upstream": .string("request"),
            "vpsbridge.http.outcome": .string("response"), "vpsbridge.http.connection.reused": .bool(false),
            "vpsbridge.http.queue.duration": .double(0.01), "vpsbridge.http.name_lookup.duration": .double(0.02),
            "vpsbridge.http.connect.duration": .double(0.03), "vpsbridge.http.tls.duration": .double(0.04),
            "vpsbridge.http.wait.duration": .double(0.1), "vpsbridge.http.transfer.duration": .double(0.05),
        ]
        var seen: [String: SpanAttribute] = [:]
        span.attributes.forEach { seen[$0] = $1 }
        #expect(seen == expected)
    }

    @Test(
        "what went wrong is the span's status and `error.type`",
        arguments: [
            (answer(404), "404", Int64(404)), (.maybeSent(TransportError(.timeout, "late")), "timeout", nil),
            (.maybeSent(TransportError(.reset, "cut", status: 500)), "reset", 500),
            (.notSent(TransportError(.tls, "not trusted")), "tls", nil),
        ] as [(HTTPOutcome, String, Int64?)])
    func spanOfFailure(outcome: HTTPOutcome, type: String, status: Int64?) async throws {
        let span = try await Self.span(HTTPExchange(outcome: outcome, attempt: HTTPAttempt()), try Self.request())
        #expect(span.status?.code == .error)
        #expect(span.attributes.get("error.type") == .string(type))
        #expect(span.attributes.get("http.response.status_code") == status.map { .int64($0) })
    }

    @Test("a request that libcurl let out twice says so")
    func spanOfResend() async throws {
        let span = try await Self.span(HTTPExchange(outcome: Self.answer(200), attempt: Self.reused), try Self.request())
        #expect(span.attributes.get("http.request.resend_count") == .int64(1))
        #expect(span.attributes.get("vpsbridge.http.connection.reused") == .bool(true))
    }

    @Test("no part of a span holds path, query, header, token, body or answer")
    func spanHidesSecrets() async throws {
        let request = try Self.request(.post)
        for outcome in [Self.answer(200), Self.answer(500), .maybeSent(TransportError(.timeout, "late"))] {
            let span = try await Self.span(HTTPExchange(outcome: outcome, attempt: Self.fresh), request)
            var shown = ""
            dump(span, to: &shown)
            #expect(shown.contains("api.example.com") && !shown.contains(Self.canary))
        }
    }

    @Test("an attempt's span lies below the span of the task that sends")
    func parent() async throws {
        let tracer = InMemoryTracer()
        let exchange = HTTPExchange(outcome: Self.answer(200), attempt: Self.fresh)
        let transport = ObservedTransport(upstream: .api, exchanger: Exchanger(exchange: exchange), metrics: TransportMetrics())
        let request = try Self.request()
        await withTracer(tracer) {
            await withSpan("run") { _ in _ = await transport.send(request) }
        }
        let spans = tracer.finishedSpans
        let run = try #require(spans.first { $0.operationName == "run" })
        let attempt = try #require(spans.first { $0.operationName == "GET" })
        #expect(attempt.parentSpanID == run.spanID)
        #expect(attempt.traceID == run.traceID)
    }
}
