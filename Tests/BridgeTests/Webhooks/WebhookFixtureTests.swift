import JSON
import Model
import Testing
import Webhooks

@Suite(
    "Webhooks: recorded requests",
    .enabled(if: WebhookFixture.arePresent, "../shared/webhook-fixtures is not there: recorded requests are not replayed"))
struct WebhookFixtureTests {
    @Test("is answered as the manifest says", arguments: WebhookFixture.all)
    func verdict(fixture: WebhookFixture) {
        let (status, decoded) = fixture.outcome()
        #expect(fixture.replyStatuses.contains { $0 == "\(status)" || ($0 == "2xx" && status / 100 == 2) }, "\(status)")
        #expect((decoded == nil) == (fixture.verdict == "reject"))
        let acting = (decoded?.events ?? []).filter { $0.status != .notice }
        if fixture.mayAct { #expect(!acting.isEmpty) }
        // What only names a wrong target is a problem like any other here: the resolver refuses it.
        if !fixture.mayAct, !["h-unicode-confusable-target", "h-header-and-path-injection"].contains(fixture.name) {
            #expect(acting.isEmpty)
        }
    }

    @Test("decodes to the same events again from what is stored", arguments: WebhookFixture.all)
    func decodesAgain(fixture: WebhookFixture) throws {
        guard let decoded = fixture.outcome().decoded, decoded.immediate == nil else { return }
        let delivery = Delivery(
            id: DeliveryID(rawValue: 1), source: fixture.source.name, receivedAt: fixture.request.receivedAt,
            body: decoded.storedBody,
            contentType: try #require(fixture.request.contentType), isUrgent: decoded.isUrgent)
        #expect(try Webhooks.decode(delivery, source: fixture.source) == decoded.events)
    }

    @Test("cut anywhere, a body is refused or harmless, and never crashes", arguments: WebhookFixture.all)
    func truncations(fixture: WebhookFixture) {
        let body = fixture.request.body
        // Every third length of an ordinary body; of a long one the beginning and a sample.
        let lengths =
            body.count < 1_200
            ? Array(stride(from: 0, to: body.count, by: 3))
            : Array(0..<300) + Array(stride(from: 300, to: body.count, by: body.count / 4))
        for length in lengths {
            var request = fixture.request
            request.body = Array(body.prefix(length))
            switch fixture.kind {
            case .alertmanager, .generic:
                guard let decoded = try? Webhooks.decode(request, source: fixture.source) else { continue }
                // What is left may be whole only when merely the line's end was cut off.
                #expect(Array(body[length...]) == [UInt8(ascii: "\n")], "cut at \(length): \(decoded.events.count) events")
            case .slack:
                guard (try? Webhooks.authenticate(request, source: fixture.source, now: fixture.clock)) != nil else { continue }
                // Only what is left of an unsigned certificate check may pass.
                #expect((try? Webhooks.decode(request, source: fixture.source))?.events.isEmpty != false, "cut at \(length)")
            }
        }
    }

    @Test("one changed bit never makes another accepted body out of a signed one")
    func changedBits() throws {
        let fixture = try #require(WebhookFixture.all.first { $0.name == "slash-docs-vector" })
        for bit in 0..<(fixture.request.body.count * 8) {
            var request = fixture.request
            request.body[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: WebhookRejection.self) {
                try Webhooks.authenticate(request, source: fixture.source, now: fixture.clock)
            }
        }
    }

    @Test("Alertmanager's flood of 2,000 alerts becomes 2,000 events with distinct fingerprints")
    func flood() throws {
        let fixture = try #require(WebhookFixture.all.first { $0.name == "h-flood-2000-targets" })
        let events = try #require(fixture.outcome().decoded).events
        #expect(events.count == 2_000)
        #expect(Set(events.map(\.fingerprint)).count == 2_000)
        #expect(events.last?.labels["vps_server"] == "web-1999")
    }

    @Test("targets that look like another server keep their bytes")
    func confusables() throws {
        let fixture = try #require(WebhookFixture.all.first { $0.name == "h-unicode-confusable-target" })
        let event = try #require(fixture.outcome().decoded?.events.first)
        let target = try #require(event.labels["vps_server"])
        #expect(Array(target.utf8) == Array("w\u{435}b-01".utf8))
        #expect(!target.utf8.elementsEqual("web-01".utf8))
    }

    @Test("a group's alerts keep their own status, and the alerts left out are counted")
    func mixedGroup() throws {
        let fixture = try #require(WebhookFixture.all.first { $0.name == "mixed-group-truncated" })
        let decoded = try #require(fixture.outcome().decoded)
        #expect(decoded.events.map(\.status) == [.resolved, .problem])
        #expect(decoded.events.map { $0.labels["vps_server"] } == ["web-01", "web-02"])
        #expect(decoded.events.map { $0.endsAt?.rfc3339 } == ["2026-11-21T18:34:07Z", nil])
        #expect(decoded.truncatedAlerts == 1)
    }

    @Test("the captured alert is read field by field")
    func instanceDown() throws {
        let fixture = try #require(WebhookFixture.all.first { $0.name == "firing-instance-down" })
        let decoded = try #require(fixture.outcome().decoded)
        let event = try #require(decoded.events.first)
        #expect(decoded.events.count == 1)
        #expect(decoded.storedBody == fixture.request.body)
        #expect(decoded.dedupKey == nil)
        #expect(!decoded.isUrgent)
        #expect(event.source == "am")
        #expect(event.status == .problem)
        #expect(event.fingerprint == "f5817ac5c581c3e8")
        #expect(event.labels["alertname"] == "InstanceDown")
        #expect(event.annotations == ["server": "web-01", "summary": "127.0.0.1:28199 down"])
        #expect(event.startsAt == Timestamp(rfc3339: "2026-11-21T18:34:02.305Z"))
        #expect(event.endsAt == nil)
        #expect(event.receivedAt == fixture.clock)
        #expect(event.payload["generatorURL"] == "http://prom.example.test:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1")
    }

    @Test("Slack's own example is verified and read")
    func slackVector() throws {
        let fixture = try #require(WebhookFixture.all.first { $0.name == "slash-docs-vector" })
        let decoded = try #require(fixture.outcome().decoded)
        let command = try #require(decoded.events.first?.command)
        #expect(command.name == "webhook-collect")
        #expect(command.text == "")
        #expect(command.userID == "U2CERLKJA")
        #expect(command.userName == "roadrunner")
        #expect(command.channelID == "G8PSS9T3V")
        #expect(command.teamID == "T1DC2JH3J")
        #expect(command.responseURL == "https://hooks.slack.com/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfN")
        #expect(decoded.dedupKey == "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
        #expect(decoded.isUrgent)
        let stored = String(decoding: decoded.storedBody, as: UTF8.self)
        #expect(stored.hasPrefix("token=masked&team_id=T1DC2JH3J&"))
        #expect(!stored.contains("xyzz0WbapA4vBCDEFasx0q6G"))
        #expect(!"\(decoded.events)".contains("xyzz0WbapA4vBCDEFasx0q6G"))
    }
}
