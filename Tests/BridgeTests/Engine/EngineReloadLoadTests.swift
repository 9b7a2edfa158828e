import JSON
import Logging
import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing
import Webhooks

@testable import Engine

/// A thousand reloads while alerts come in.
@Suite("Hot reload under load")
struct EngineReloadLoadTests {
    private static let reloads = 1_000
    private static let deliveries = 400

    private final class Progress: Sendable { let isOver = Mutex(false) }

    @Test("1,000 reloads under load: no event sees two sets, none is lost, and none is judged by a set that was refused")
    func underLoad() async throws {
        let fixture = try await EngineReloadFixture(["web.yaml": EngineReloadFixture.set(0)])
        let progress = Progress()
        let dispatcher = Dispatcher(
            store: fixture.store, queries: fixture.store, rules: fixture.book,
            sources: ["alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none)],
            limits: Limits(), clock: fixture.clock, doorbell: Doorbell(), workerDoorbell: Doorbell(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (store, clock) = (fixture.store, fixture.clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<Self.deliveries {
                    _ = try await store.accept(
                        NewDelivery(
                            source: "alertmanager", receivedAt: clock.now(), body: Self.body(number),
                            contentType: "application/json"))
                }
            }
            group.addTask {
                while !progress.isOver.withLock({ $0 }) { if try await dispatcher.dispatchOnce() == 0 { await Task.yield() } }
            }
            try await reload(fixture)
            try await group.next()
            progress.isOver.withLock { $0 = true }
            try await group.waitForAll()
        }
        while try await dispatcher.dispatchOnce() > 0 {}
        try await expectWhole(store)
    }

    /// Good sets, with broken, half-written and missing ones between them.
    private func reload(_ fixture: EngineReloadFixture) async throws {
        var taken = 0
        for number in 1...Self.reloads {
            let good = EngineReloadFixture.set(number)
            switch number % 10 {
            case 3: fixture.folder.write(["web.yaml": EngineReloadFixture.broken])
            case 6: fixture.folder.write(nil)
            case 9: fixture.folder.passing.withLock { $0 = [["web.yaml": String(good.prefix(130))]] }
            default: fixture.folder.write(["web.yaml": good])
            }
            let isGood = ![3, 6].contains(number % 10)
            if number % 10 == 9 { fixture.folder.write(["web.yaml": good]) }
            let outcome = await fixture.reloader.reloadNow()
            #expect(outcome.isTaken == isGood)
            if isGood { taken += 1 }
        }
        #expect(taken == Self.reloads * 8 / 10)
        #expect(fixture.names == ["a-\(Self.reloads)", "b-\(Self.reloads)"])
    }

    /// Every delivery has its two runs, both of one set and of the revision that the delivery was decided on by.
    private func expectWhole(_ store: SQLiteStore) async throws {
        var sets: Set<String> = []
        for number in 1...Self.deliveries {
            let decision = try #require(await store.decision(on: DeliveryID(rawValue: Int64(number))))
            #expect(decision.decidedAt != nil)
            let numbers = Set(decision.runs.map { $0.rule.dropFirst(2) })
            let ofRevision = decision.runs.allSatisfy { $0.revision == decision.revision }
            guard decision.runs.count == 2, numbers.count == 1, ofRevision, let set = numbers.first else {
                Issue.record("delivery \(number): \(decision.runs.map(\.rule))")
                return
            }
            #expect(![3, 6].contains((Int(set) ?? 3) % 10))
            sets.insert(String(set))
        }
        #expect(sets.count > 10, "the load was too short to see many sets")
        #expect(try await store.counts().undispatched == 0)
    }

    private static func body(_ number: Int) -> [UInt8] {
        let alert: JSONValue = [
            "status": "firing", "labels": ["alertname": "HostDown", "server": "web-server-01"], "annotations": [:],
            "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": .string("f\(number)"),
            "generatorURL": "",
        ]
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": [alert],
        ]
        return body.serialized()
    }
}
