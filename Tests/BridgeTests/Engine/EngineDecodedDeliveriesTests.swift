import JSON
import Model
import RuleTesting
import Testing

@testable import Engine
@testable import Store

/// A delivery of many alerts is decoded once for all the runs that it began.
@Suite("engine: deliveries that many runs came from")
struct EngineDecodedDeliveriesTests {
    private static let start = Timestamp(seconds: 1_795_000_000)

    /// A cache whose deliveries have as many events as their `contentType` says, and how often it decoded.
    private func cache() -> (cache: DecodedDeliveries, decoded: StoreTestCounter) {
        let decoded = StoreTestCounter()
        let cache = DecodedDeliveries { delivery in
            decoded.increment()
            return Int(delivery.contentType).map { count in
                (0..<count).map { index in
                    Event(source: "a", status: .problem, fingerprint: "\(delivery.id)/\(index)", receivedAt: delivery.receivedAt)
                }
            }
        }
        return (cache, decoded)
    }

    private func delivery(_ id: Int64, events: Int?, bytes: Int = 100) -> Delivery {
        Delivery(
            id: DeliveryID(rawValue: id), source: "a", receivedAt: Self.start, body: Array(repeating: 0, count: bytes),
            contentType: events.map(String.init) ?? "none", isUrgent: false)
    }

    @Test(
        "how often a delivery is decoded for the claims of its runs",
        arguments: [
            ("many events, claimed at every five seconds", 500, 500, 5, 1),
            ("two events", 2, 2, 5, 1),
            // A command is one event: nothing of it stays.
            ("one event", 1, 3, 5, 3),
            ("claims a minute apart", 2, 4, 60, 1),
            ("claims further apart", 2, 4, 61, 4),
        ] as [(String, Int, Int, Int64, Int)])
    func decodes(name: String, events: Int, claims: Int, gap: Int64, times: Int) {
        let (cache, decoded) = cache()
        let delivery = delivery(7, events: events)
        for claim in 0..<claims {
            let event = cache.event(claim % events, of: delivery, now: Self.start + .seconds(Int64(claim) * gap))
            #expect(event?.fingerprint == "7/\(claim % events)")
        }
        #expect(decoded.value == times, "\(name)")
    }

    @Test("an event that there is not, and a delivery that can not be decoded any more", arguments: [nil, 0, 3])
    func missing(events: Int?) {
        let (cache, _) = cache()
        let delivery = delivery(7, events: events)
        for index in [3, -1] { #expect(cache.event(index, of: delivery, now: Self.start) == nil) }
    }

    @Test(
        "what is kept is bounded by bytes and by number; what was used last stays",
        arguments: [
            ("all fit", 1_000, [1, 2, 3, 2, 1, 2], 3),
            ("by bytes", DecodedDeliveries.maxBytes / 2, [1, 2, 3, 2, 1, 2], 4),
            ("one too large", DecodedDeliveries.maxBytes + 1, [1, 1], 2),
            (
                "by number", 10, Array(1...(DecodedDeliveries.maxDeliveries + 1)) + [2, 1, 2],
                DecodedDeliveries.maxDeliveries + 2
            ),
        ] as [(String, Int, [Int], Int)])
    func bounds(name: String, bytes: Int, ids: [Int], times: Int) {
        let (cache, decoded) = cache()
        for (moment, id) in ids.enumerated() {
            let delivery = delivery(Int64(id), events: 2, bytes: bytes)
            let event = cache.event(0, of: delivery, now: Self.start + .milliseconds(Int64(moment)))
            #expect(event?.fingerprint == "\(id)/0")
        }
        #expect(decoded.value == times, "\(name)")
    }

    @Test("what nobody asks for is given up, also when nothing is claimed", arguments: [(60, 1), (61, 2)] as [(Int64, Int)])
    func forgets(after: Int64, times: Int) {
        let (cache, decoded) = cache()
        let delivery = delivery(7, events: 2)
        _ = cache.event(0, of: delivery, now: Self.start)
        cache.forgetUnused(now: Self.start + .seconds(after))
        _ = cache.event(0, of: delivery, now: Self.start + .seconds(1))
        #expect(decoded.value == times)
    }

    @Test("the worker steps all runs of a delivery with what it decoded once")
    func worker() async throws {
        let fixture = try EngineFixture()
        let alerts = ["web-server-01", "db-server-01"].map { server -> JSONValue in
            [
                "status": "firing", "labels": ["alertname": "HostDown", "server": .string(server)], "annotations": [:],
                "startsAt": .string((fixture.began - .seconds(60)).rfc3339), "endsAt": "0001-01-01T00:00:00Z",
                "fingerprint": .string("HostDown/\(server)"), "generatorURL": "",
            ]
        }
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": .array(alerts),
        ]
        _ = try await fixture.store.accept(
            NewDelivery(
                source: "alertmanager", receivedAt: fixture.clock.now(), body: body.serialized(), contentType: "application/json")
        )
        try await fixture.settle()
        #expect(fixture.api.ledger == ["reboot 12345"], "one at a time")
        // Whoever decodes it again finds nothing in it.
        _ = try await fixture.store.writer.submit { try $0.execute("UPDATE delivery_bodies SET body = x'00'") }
        try await fixture.advance(by: .seconds(30))
        for server in ["web-server-01", "db-server-01"] { try await fixture.alert("resolved", server: server) }
        try await fixture.advance(by: .seconds(130))
        let runs = try await fixture.store.runs(limit: 9)
        #expect(runs.map(\.reason) == [.resolved, .effective], "\(runs.map(\.detail))")
    }
}
