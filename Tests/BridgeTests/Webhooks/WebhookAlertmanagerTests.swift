import JSON
import Model
import Testing
import Webhooks

@Suite("Webhooks: Alertmanager")
struct WebhookAlertmanagerTests {
    private static let source = WebhookSource(name: "am", kind: .alertmanager, authentication: .none)

    private func decode(_ body: String) throws(WebhookRejection) -> DecodedWebhook {
        let request = WebhookRequest(
            headers: [], contentType: "application/json", body: Array(body.utf8), receivedAt: Timestamp(seconds: 100))
        return try Webhooks.decode(request, source: Self.source)
    }

    private func events(_ alerts: String) throws(WebhookRejection) -> [Event] {
        try decode(#"{"version":"4","alerts":[\#(alerts)]}"#).events
    }

    @Test(
        "refuses what is not its payload, and says where",
        arguments: [
            ("[]", .malformed, "line 1, column 1: the body is not a JSON object"),
            (#"{"version":"4","alerts":[{]}"#, .malformed, "line 1, column 27: "),
            ("{\n\"version\":\"4\",\n\"version\":\"4\"}", .malformed, #"line 3, column 1: duplicate member name "version""#),
            (#"{"alerts":[]}"#, .wrongVersion, "/version: "), (#"{"version":"3","alerts":[]}"#, .wrongVersion, "/version: "),
            (#"{"version":"4 ","alerts":[]}"#, .wrongVersion, "/version: "),
            (#"{"version":4,"alerts":[]}"#, .malformed, "/version: not a string"),
            (#"{"version":"4"}"#, .malformed, "/alerts: not an array"),
            (#"{"version":"4","alerts":null}"#, .malformed, "/alerts: not an array"),
            (#"{"version":"4","alerts":[{"status":"firing"},7]}"#, .malformed, "/alerts/1: not an object"),
            (#"{"version":"4","alerts":[],"truncatedAlerts":-1}"#, .malformed, "/truncatedAlerts: "),
            (#"{"version":"4","alerts":[],"truncatedAlerts":1.5}"#, .malformed, "/truncatedAlerts: "),
            (#"{"version":"4","alerts":[],"truncatedAlerts":18446744073709551615}"#, .malformed, "/truncatedAlerts: "),
            (#"{"version":"4","alerts":[{"labels":{"a":"b"}}]}"#, .malformed, "/alerts/0/status: missing"),
            (#"{"version":"4","alerts":[{"status":1}]}"#, .malformed, "/alerts/0/status: not a string"),
            (#"{"version":"4","alerts":[{"status":"firing","labels":"a"}]}"#, .malformed, "/alerts/0/labels: not an object"),
            (#"{"version":"4","alerts":[{"status":"firing","labels":{"a":1}}]}"#, .malformed, "/alerts/0/labels: member 0"),
            (#"{"version":"4","alerts":[{"status":"firing","fingerprint":7}]}"#, .malformed, "/alerts/0/fingerprint: "),
            (#"{"version":"4","alerts":[{"status":"firing","startsAt":"now"}]}"#, .malformed, "/alerts/0/startsAt: "),
        ] as [(String, WebhookRejection.Reason, String)])
    func refuses(body: String, reason: WebhookRejection.Reason, message: String) throws {
        let error = try #require(throws: WebhookRejection.self) { try decode(body) }
        #expect(error.reason == reason)
        #expect(error.status == 400)
        #expect(error.message.hasPrefix(message), "\(error.message)")
    }

    @Test("label names that Swift takes for one another are refused, not merged")
    func equivalentNames() throws {
        let alert = "{\"status\":\"firing\",\"labels\":{\"caf\u{E9}\":\"web-01\",\"cafe\u{301}\":\"db-prod\"}}"
        let error = try #require(throws: WebhookRejection.self) { try events(alert) }
        #expect(error.reason == .malformed)
        #expect(error.message.hasPrefix("/alerts/0/labels: the name of member 1"))
    }

    @Test("only the alert's own firing and resolved act", arguments: ["FIRING", "suppressed", "acknowledged", "", "resolved "])
    func otherStatuses(word: String) throws {
        let found = try events(
            #"""
            {"status":"\#(word)","labels":{"a":"b"}},
            {"status":"firing","labels":{"a":"b"}}, {"status":"resolved","labels":{"a":"b"}}
            """#
        )
        #expect(found.map(\.status) == [.notice, .problem, .resolved])
    }

    @Test("an alert without labels acts on nothing", arguments: ["", #","labels":null"#, #","labels":{}"#])
    func missingLabels(labels: String) throws {
        #expect(try events(#"{"status":"firing","fingerprint":"f"\#(labels)}"#).map(\.status) == [.notice])
    }

    @Test("an absent fingerprint is made from the labels, whatever their order")
    func fingerprints() throws {
        let found = try events(
            #"""
            {"status":"firing","labels":{"a":"1","b":"2"}},{"status":"resolved","labels":{"b":"2","a":"1"},"fingerprint":""},
            {"status":"firing","labels":{"a":"1b2"}},{"status":"firing","labels":{"a":"1"}},
            {"status":"firing","labels":{"a":"1"},"fingerprint":"own"},
            {"status":"firing","labels":{"a":"1"},"fingerprint":"\#(String(repeating: "f", count: 257))"}
            """#
        ).map(\.fingerprint)
        #expect(found[0] == found[1])
        #expect(Set(found[0...3]).count == 3)
        #expect(found[0].utf8.count == 64)
        #expect(found[4] == "own")
        #expect(found[5].utf8.count == 64)
    }

    @Test("times are read, Go's zero time and absence are none")
    func times() throws {
        let found = try events(
            #"""
            {"status":"firing","labels":{"a":"b"},"startsAt":"2026-11-21T18:33:53.734046811Z","endsAt":"0001-01-01T00:00:00Z"},
            {"status":"resolved","labels":{"a":"b"},"startsAt":null,"endsAt":"2026-11-21T19:00:00+01:00"}
            """#)
        #expect(found.map { $0.startsAt?.rfc3339 } == ["2026-11-21T18:33:53.734046Z", nil])
        #expect(found.map { $0.endsAt?.rfc3339 } == [nil, "2026-11-21T18:00:00Z"])
        #expect(found.map(\.receivedAt) == [Timestamp(seconds: 100), Timestamp(seconds: 100)])
    }

    @Test("unknown fields are ignored and kept in the payload")
    func unknownFields() throws {
        let found = try decode(
            #"{"version":"4","new":{"x":[1]},"alerts":[{"status":"firing","labels":{"a":"b"},"extra":[true]}]}"#)
        #expect(found.events.first?.payload["extra"] == [true])
    }

    @Test("too many bytes are 413")
    func tooLarge() throws {
        let body = #"{"version":"4","alerts":[]"# + String(repeating: " ", count: 1_048_576) + "}"
        #expect(try #require(throws: WebhookRejection.self) { try decode(body) }.status == 413)
    }

    @Test("is answered 200 and an empty object")
    func reply() {
        let reply = Webhooks.successReply(Self.source)
        #expect(reply == SenderReply(status: 200, contentType: "application/json", body: Array("{}".utf8)))
    }
}
