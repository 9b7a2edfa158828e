import CurlTransport
import Engine
import Model
import RuleTesting
import Testing

/// What Alertmanager's API v2 answers, and what the bridge takes it for.
@Suite("engine: Alertmanager's API as evidence")
struct EngineAlertmanagerEvidenceTests {
    private let clock = ManualClock(Timestamp(seconds: 1_800_000_000))
    private let transport: FakeTransport
    private let origin = "http://am.example.com:9093/prefix"

    init() { transport = FakeTransport(clock: clock) }

    private func event(_ labels: [String: String] = ["alertname": "HostDown", "instance": "web-01:9100"]) -> Event {
        Event(
            source: "alertmanager", status: .problem, fingerprint: "00ff00ff00ff00ff", labels: labels, receivedAt: clock.now())
    }

    private func source(_ authentication: PullEndpoint.Authentication = .none) -> AlertmanagerEvidence {
        AlertmanagerEvidence(
            transport: transport, endpoints: ["alertmanager": PullEndpoint(url: origin + "/", authentication: authentication)],
            clock: clock)
    }

    private func ask(_ alerts: String, status: Int = 200) async -> Evidence {
        transport.answer(FakeTransport.Script(prefix: origin + "/api/v2/alerts", outcome: .status(status, alerts)))
        return await source().evidence(for: event())
    }

    private func alert(_ status: String, fingerprint: String = "00ff00ff00ff00ff") -> String {
        #"[{"fingerprint":"\#(fingerprint)","labels":{},"startsAt":"2026-01-01T00:00:00Z","status":\#(status)}]"#
    }

    private func uptime(_ ago: Duration) {
        let text = #"{"uptime":"\#((clock.now() - ago).rfc3339)","cluster":{},"versionInfo":{}}"#
        transport.answer(FakeTransport.Script(prefix: origin + "/api/v2/status", outcome: .status(200, text)))
    }

    @Test(
        "states",
        arguments: [
            (#"{"state":"active","silencedBy":[],"inhibitedBy":[]}"#, Evidence.firing),
            (#"{"state":"unprocessed","silencedBy":[],"inhibitedBy":[]}"#, .firing),
            (
                #"{"state":"suppressed","silencedBy":[],"inhibitedBy":["aa"]}"#,
                .silenced(until: nil, why: "inhibited by another alert in Alertmanager")
            ),
            (
                #"{"state":"active","silencedBy":[],"inhibitedBy":[],"mutedBy":["nights"]}"#,
                .silenced(until: nil, why: "muted by a time interval of Alertmanager")
            ),
            (#"{"state":"suppressed"}"#, .silenced(until: nil, why: "suppressed in Alertmanager")),
            (#"{"state":"melting"}"#, .unavailable("the alert's state is not one that is known")),
            ("{}", .unavailable("the alert has no status")),
        ])
    func states(_ status: String, _ wanted: Evidence) async {
        #expect(await ask(alert(status)) == wanted)
    }

    @Test("a silence lasts until the last of those that are over it; an id that is none is not asked for")
    func silences() async {
        let end = Timestamp(seconds: 1_800_003_600)
        for (id, seconds) in [("a-1", Int64(-1_800)), ("b-2", 0)] {
            transport.answer(
                FakeTransport.Script(
                    prefix: origin + "/api/v2/silence/\(id)",
                    outcome: .status(200, #"{"id":"\#(id)","endsAt":"\#((end + .seconds(seconds)).rfc3339)"}"#)))
        }
        let both = #"{"state":"suppressed","silencedBy":["a-1","b-2"],"inhibitedBy":[]}"#
        #expect(await ask(alert(both)) == .silenced(until: end, why: "silenced in Alertmanager"))
        let hostile = #"{"state":"suppressed","silencedBy":["../../-/quit"],"inhibitedBy":[]}"#
        #expect(await ask(alert(hostile)) == .silenced(until: nil, why: "silenced in Alertmanager"))
        #expect(transport.lines.filter { $0.contains("quit") } == [])
    }

    @Test("an alert that is not there is gone, unless Alertmanager runs for less than five minutes or does not say")
    func gone() async {
        uptime(.seconds(301))
        #expect(await ask("[]") == .gone)
        #expect(await ask(alert(#"{"state":"active"}"#, fingerprint: "00FF00ff00ff00ff")) == .gone, "by bytes")
        uptime(.seconds(299))
        guard case .unavailable(let why) = await ask("[]") else { return #expect(Bool(false), "a restart was taken for an end") }
        #expect(why.contains("runs only since"))
        transport.answer(FakeTransport.Script(prefix: origin + "/api/v2/status", outcome: .status(200, "{}")))
        guard case .unavailable = await ask("[]") else { return #expect(Bool(false)) }
    }

    @Test(
        "what is no answer is no evidence",
        arguments: [("{}", 200), ("[", 200), ("[]", 500), ("[]", 401), ("[]", 302), (#"[{"a":1,"a":2}]"#, 200)])
    func noAnswer(_ body: String, _ status: Int) async {
        uptime(.seconds(9_000))
        guard case .unavailable = await ask(body, status: status) else { return #expect(Bool(false), "\(body) \(status)") }
    }

    @Test("nobody answers, or nobody is to be asked")
    func nobody() async {
        transport.answer(.refusedConnection)
        #expect(await source().evidence(for: event()) == .unavailable("Alertmanager does not answer"))
        var other = event()
        other.source = "elsewhere"
        #expect(!source().canAsk("elsewhere"))
        guard case .unavailable = await source().evidence(for: other) else { return #expect(Bool(false)) }
    }

    @Test("labels are quoted and encoded, the name first; what does not fit is left out")
    func query() async {
        uptime(.seconds(9_000))
        _ = await source().evidence(
            for: event([
                "instance": "a\"b\\c&d\n", "alertname": "Höst", "9bad": "x", "b d": "y",
                "long": String(repeating: "x", count: 5_000),
            ]))
        let url = transport.requests.first?.url ?? ""
        #expect(
            url == origin + "/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true"
                + "&filter=alertname%3D%22H%C3%B6st%22&filter=instance%3D%22a%5C%22b%5C%5Cc%26d%5Cn%22")
    }

    @Test("the bridge proves who it is, by a token or by Basic")
    func authentication() async {
        _ = await source(.basic(user: "bridge", password: Secret("pass word"))).evidence(for: event())
        #expect(transport.requests.first?.header("Authorization") == "Basic YnJpZGdlOnBhc3Mgd29yZA==")
    }
}
