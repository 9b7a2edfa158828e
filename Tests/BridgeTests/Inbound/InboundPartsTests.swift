import Logging
import Model
import NIOCore
import Synchronization
import Testing

@testable import Inbound

@Suite("Inbound: small parts")
struct InboundPartsTests {
    @Test(
        "paths name what they spell and nothing else",
        arguments: [
            ("/hooks/alertmanager", RequestTarget.hook("alertmanager")), ("/hooks/a?token=b", .hook("a")),
            ("/hooks/a/b", .hook("a/b")), ("/hooks/%61", .hook("%61")), ("/hooks/", .nothing), ("/hooks", .nothing),
            ("/hooks/\u{212A}uma", .nothing), ("/healthz", .healthz), ("/healthz?x", .healthz), ("/healthz/", .nothing),
            ("//healthz", .nothing), ("/readyz", .readyz), ("/metrics", .metrics), ("/", .nothing), ("", .nothing),
            ("/HEALTHZ", .nothing), ("*", .nothing),
        ])
    func target(path: String, expected: RequestTarget) {
        #expect(RequestTarget(path: path) == expected)
    }

    @Test(
        "only addresses of this machine are loopback",
        arguments: [
            ("localhost", true), ("LocalHost", true), ("127.0.0.1", true), ("127.1.2.3", true), ("::1", true), ("0.0.0.0", false),
            ("127.0.0.1.evil.example", false), ("127.evil.example.com", false), ("localhost.evil.example", false),
            ("127.0.0", false), ("", false), ("10.0.0.1", false), ("127.0.0.", false), ("\u{2112}ocalhost", false),
        ])
    func loopback(host: String, expected: Bool) {
        #expect(HostName.isLoopback(host) == expected)
    }

    @Test(
        "a port is cut off a host, and only a port",
        arguments: [
            ("a:1", "a"), ("a", "a"), ("[::1]:9090", "::1"), ("[::1]", "::1"), ("::1", ""), ("[]", ""), ("[", "["),
            ("[\u{301}]:1", "\u{301}"), ("", ""),
        ])
    func port(authority: String, expected: String) {
        #expect(HostName.withoutPort(authority) == expected)
    }

    @Test(
        "connections leave descriptors to the rest of the process",
        arguments: [(1024, 1024, 896), (1024, 65_536, 1024), (10, 64, 1)])
    func descriptors(wanted: Int, limit: Int, expected: Int) {
        #expect(FileDescriptors.cap(wanted, descriptors: limit) == expected)
    }

    @Test("a budget refuses what exceeds it and takes back what was reserved")
    func budget() {
        let budget = BodyBudget(limit: 10)
        var first: BodyReservation? = BodyReservation(budget)
        var second: BodyReservation? = BodyReservation(budget)
        #expect([first?.grow(by: 6), second?.grow(by: 5), second?.grow(by: 4)] == [true, false, true])
        #expect(budget.reserved == 10)
        first = nil
        #expect(budget.reserved == 4)
        second = nil
        #expect(budget.reserved == 0)
    }

    @Test(
        "dates are those of RFC 9110",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"),
            (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] as [(Int64, String)])
    func date(seconds: Int64, text: String) {
        #expect(DateHeader.text(Timestamp(seconds: seconds)) == text)
    }

    @Test("a port is handed to those who wait and to those who come later; the first one counts")
    func boundPort() async {
        let port = BoundPort()
        async let waiting = port.value()
        port.set(1)
        port.set(2)
        #expect(await waiting == 1)
        #expect(await port.value() == 1)
    }

    @Test("a flood of rejections writes a bounded number of lines and says how many it left out")
    func rejectionLog() {
        let clock = InboundClock()
        let recorder = LogRecorder()
        let log = RejectionLog(logger: recorder.logger, clock: clock)
        for _ in 0..<(RejectionLog.linesPerSecond + 7) { log.note(source: "a", .malformedRequest) }
        #expect(recorder.lines.count == RejectionLog.linesPerSecond)
        clock.advance(by: .seconds(1))
        log.note(source: nil, .malformedRequest)
        #expect(recorder.lines.last?["suppressed"] == "7")
        #expect(recorder.lines.last?["source"] == "(unknown)")
    }
}

@Suite("Inbound: metrics")
struct InboundMetricsTests {
    @Test("every series of a source is there from the start, and strangers add none")
    func series() {
        let metrics = IngestMetrics(sources: ["b", "a"])
        let before = metrics.renderPrometheusText().split(separator: "\n").count
        metrics.counters(of: "a")[.accepted].increment()
        for stranger in 0..<1_000 { metrics.counters(of: "stranger\(stranger)")[.invalid].increment() }
        let text = metrics.renderPrometheusText()
        #expect(text.split(separator: "\n").count == before)
        #expect(text.contains("vpsbridge_events_received_total{source=\"a\",outcome=\"accepted\"} 1\n"))
        #expect(text.contains("vpsbridge_events_received_total{source=\"(unknown)\",outcome=\"invalid\"} 1000\n"))
        #expect(metrics.count(source: "a", .accepted) == 1)
        #expect(metrics.count(source: nil, .invalid) == 1_000)
    }

    @Test("buckets are cumulative, a bound belongs to its bucket, the last one has all")
    func histogram() {
        let metrics = IngestMetrics(sources: ["a"])
        metrics.observe(.milliseconds(1))
        metrics.observe(.milliseconds(2))
        metrics.observe(.seconds(60))
        let text = metrics.renderPrometheusText()
        #expect(text.contains("vpsbridge_ingest_duration_seconds_bucket{le=\"0.001\"} 1\n"))
        #expect(text.contains("vpsbridge_ingest_duration_seconds_bucket{le=\"0.0025\"} 2\n"))
        #expect(text.contains("vpsbridge_ingest_duration_seconds_bucket{le=\"10.0\"} 2\n"))
        #expect(text.contains("vpsbridge_ingest_duration_seconds_bucket{le=\"+Inf\"} 3\n"))
        #expect(text.contains("vpsbridge_ingest_duration_seconds_sum 60.003\n"))
        #expect(text.contains("vpsbridge_ingest_duration_seconds_count 3\n"))
    }

    @Test("a label value can not break out of its quotes")
    func escaping() {
        let text = IngestMetrics(sources: ["a\"b\\c\nd"]).renderPrometheusText()
        #expect(text.contains("{source=\"a\\\"b\\\\c\\nd\",outcome=\"accepted\"} 0\n"))
    }
}
