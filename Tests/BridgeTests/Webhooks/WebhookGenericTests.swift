import JSON
import Model
import Testing
import Webhooks

@Suite("Webhooks: generic JSON")
struct WebhookGenericTests {
    private func event(_ body: String, mapping: GenericMapping = GenericMapping()) throws(WebhookRejection) -> Event {
        let source = WebhookSource(name: "probe", kind: .generic, authentication: .none, generic: mapping)
        let request = WebhookRequest(
            headers: [], contentType: "application/json", body: Array(body.utf8), receivedAt: Timestamp(seconds: 100))
        let decoded = try Webhooks.decode(request, source: source)
        return decoded.events[0]
    }

    @Test(
        "only the configured words open and close",
        arguments: [
            (#""problem""#, .problem), (#""FIRING""#, .problem), (#""down""#, .problem), (#""Failure""#, .problem),
            (#""resolved""#, .resolved), (#""OK""#, .resolved), (#""recovery""#, .resolved), (#""up""#, .resolved),
            (#""acknowledged""#, .notice), (#""flapping""#, .notice), (#""DOWNTIMESTART""#, .notice), (#""""#, .notice),
            (#""down ""#, .notice), (#""do\u0000wn""#, .notice), ("null", .notice), ("{}", .notice), ("[\"down\"]", .notice),
            ("1", .notice), ("true", .notice), (#""o\u212a""#, .notice),
        ] as [(String, Event.Status)])
    func statuses(status: String, expected: Event.Status) throws {
        #expect(try event(#"{"status":\#(status),"fingerprint":"f"}"#).status == expected)
    }

    @Test("numbers and booleans can be the words")
    func wordsOfOtherTypes() throws {
        let mapping = GenericMapping(status: "/heartbeat/status", problemWords: ["0", "false"], resolvedWords: ["1", "true"])
        #expect(try event(#"{"heartbeat":{"status":0},"fingerprint":"f"}"#, mapping: mapping).status == .problem)
        #expect(try event(#"{"heartbeat":{"status":true},"fingerprint":"f"}"#, mapping: mapping).status == .resolved)
        #expect(try event(#"{"heartbeat":null,"fingerprint":"f"}"#, mapping: mapping).status == .notice)
    }

    @Test("reads every place")
    func readsEverything() throws {
        let mapping = GenericMapping(
            status: "/a~1b/0", fingerprint: "/id", labels: "/host", annotations: "/text", startsAt: "/from", endsAt: "/to")
        let found = try event(
            #"""
            {"a/b":["down"],"id":42,"host":{"name":"web-01","port":22,"ok":false,"load":0.5,"none":null,"list":[1]},
             "text":{"summary":"it is down"},"from":1795286400,"to":"2026-11-21T18:34:02Z"}
            """#, mapping: mapping)
        #expect(found.status == .problem)
        #expect(found.fingerprint == "42")
        #expect(found.labels == ["name": "web-01", "port": "22", "ok": "false", "load": "0.5"])
        #expect(found.annotations == ["summary": "it is down"])
        #expect(found.startsAt == Timestamp(seconds: 1_795_286_400))
        #expect(found.endsAt?.rfc3339 == "2026-11-21T18:34:02Z")
        #expect(found.payload["host"]?["list"] == [1])
        #expect(found.source == "probe")
    }

    @Test("a problem without a name is refused, a notice is not")
    func names() throws {
        let error = try #require(throws: WebhookRejection.self) { try event(#"{"status":"down"}"#) }
        #expect(error.status == 400)
        #expect(error.message.contains("no fingerprint at /fingerprint and no labels at /labels"))
        #expect(try event(#"{"status":"test"}"#).status == .notice)
        let down = try event(#"{"status":"down","labels":{"host":"web-01"}}"#)
        let up = try event(#"{"status":"up","labels":{"host":"web-01"}}"#)
        #expect(down.fingerprint == up.fingerprint)
    }

    @Test(
        "refuses places of the wrong type",
        arguments: [
            #"{"status":"down","fingerprint":[1]}"#, #"{"status":"down","fingerprint":1.5}"#,
            #"{"status":"down","fingerprint":"f","labels":[]}"#, #"{"status":"down","fingerprint":"f","annotations":"x"}"#,
            #"{"status":"down","fingerprint":"f","starts_at":"today"}"#, #"{"status":"down","fingerprint":"f","ends_at":1.5}"#,
            "[]", "\"down\"", "null", "",
        ])
    func refuses(body: String) throws {
        #expect(try #require(throws: WebhookRejection.self) { try event(body) }.reason == .malformed)
    }

    @Test("a time beyond all calendars does not trap")
    func hugeTimes() throws {
        let found = try event(
            #"{"status":"down","fingerprint":"f","starts_at":9223372036854775807,"ends_at":-9223372036854775808}"#)
        #expect(found.startsAt == Timestamp(microseconds: .max))
        #expect(found.endsAt == Timestamp(microseconds: .min))
    }
}
