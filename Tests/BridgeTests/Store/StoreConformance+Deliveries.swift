import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let deliveries = [
        StoreConformance("a delivery comes back byte for byte") { scenario in
            let body = Array(UInt8.min...UInt8.max) + Array("\u{0}x\u{0}".utf8)
            for (body, isUrgent) in [(body, false), ([], true)] {
                let result = try await scenario.store.accept(
                    NewDelivery(
                        source: "grafana", receivedAt: Scenario.at(1), body: body, contentType: "text/plain; charset=utf-8",
                        isUrgent: isUrgent))
                guard case .stored(let id) = result else { throw StoreScenarioError(what: "\(result)") }
                let read = try #require(try await scenario.store.delivery(id))
                #expect(read.id == id && read.source == "grafana" && read.receivedAt == Scenario.at(1))
                #expect(read.body == body && read.contentType == "text/plain; charset=utf-8" && read.isUrgent == isUrgent)
            }
            #expect(try await scenario.store.delivery(DeliveryID(rawValue: 99)) == nil)
        },
        StoreConformance("undispatched deliveries come urgent first, then oldest first") { scenario in
            var ids: [DeliveryID] = []
            for isUrgent in [false, true, false, true] { ids.append(try await scenario.deliver(isUrgent: isUrgent)) }
            #expect(try await scenario.store.undispatched(limit: 10).map(\.id) == [ids[1], ids[3], ids[0], ids[2]])
            #expect(try await scenario.store.undispatched(limit: 3).map(\.id) == [ids[1], ids[3], ids[0]])
            try await scenario.dispatch(ids[3])
            #expect(try await scenario.store.undispatched(limit: 10).map(\.id) == [ids[1], ids[0], ids[2]])
        },
        StoreConformance("a replayed key is answered with the first delivery and not stored") { scenario in
            let first = try await scenario.deliver(dedupKey: "k1")
            let replay = NewDelivery(
                source: "alertmanager", receivedAt: Scenario.at(60), body: [1], contentType: "application/json", dedupKey: "k1")
            #expect(try await scenario.store.accept(replay) == .duplicate(of: first))
            try await scenario.dispatch(first)
            #expect(try await scenario.store.accept(replay) == .duplicate(of: first))
            try await scenario.deliver(source: "grafana", dedupKey: "k1")
            try await scenario.deliver(dedupKey: "k2")
            try await scenario.deliver()
            try await scenario.deliver()
            #expect(try await scenario.store.counts().deliveries == 5)
        },
        StoreConformance("a key is free again 76 hours after its delivery") { scenario in
            let window = Duration.seconds(76 * 3_600)
            let first = try await scenario.deliver(dedupKey: "k")
            func again(_ at: Timestamp) async throws -> Acceptance {
                try await scenario.store.accept(
                    NewDelivery(source: "alertmanager", receivedAt: at, body: [], contentType: "", dedupKey: "k"))
            }
            #expect(try await again(Scenario.start + window - .microseconds(1)) == .duplicate(of: first))
            guard case .stored(let second) = try await again(Scenario.start + window) else {
                throw StoreScenarioError(what: "the key was still held")
            }
            #expect(try await again(Scenario.start + window + window - .microseconds(1)) == .duplicate(of: second))
        },
        StoreConformance("keys are compared byte by byte") { scenario in
            for key in ["K", "\u{212A}", "\u{E9}", "e\u{301}", "a\u{0}b", "a\u{0}c", "a", ""] {
                try await scenario.deliver(dedupKey: key)
            }
            #expect(try await scenario.store.counts().deliveries == 8)
        },
        StoreConformance("the same key at once is stored once") { scenario in
            let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let delivery = NewDelivery(
                            source: "s", receivedAt: Scenario.at(Int64(index)), body: [], contentType: "", dedupKey: "k")
                        if case .stored = try await scenario.store.accept(delivery) { return true }
                        return false
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(stored == 1)
        },
        StoreConformance("a delivery is dispatched once; a second decision writes nothing") { scenario in
            let first = try await scenario.deliver()
            let second = try await scenario.deliver()
            try await scenario.dispatch(first, audit: [Scenario.entry("one", delivery: first)])
            let key = Scenario.key("f")
            let batch = DispatchBatch(
                now: Scenario.start,
                deliveries: [
                    DispatchedDelivery(
                        id: second, episodes: [.open(key, at: Scenario.start, startsAt: nil)],
                        runs: [scenario.newRun("host-down", key, second)], audit: [Scenario.entry("two")],
                        messages: [NewMessage(destination: .channel("ops"), text: "x")]),
                    DispatchedDelivery(id: first, audit: [Scenario.entry("again")]),
                ])
            #expect(await storeFails(.conflict) { try await scenario.store.commit(batch) })
            #expect(try await scenario.store.undispatched(limit: 10).map(\.id) == [second])
            #expect(try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 10).map(\.detail) == ["one"])
            let counts = try await scenario.store.counts()
            #expect(counts.openEpisodes == 0 && counts.runs.isEmpty && counts.waitingMessages == 0)
            #expect(await storeFails(.conflict) { try await scenario.dispatch(DeliveryID(rawValue: 77)) })
        },
        StoreConformance("a delivery that is decided on in part comes again, with how many of its events are done") { scenario in
            let delivery = try await scenario.deliver()
            func decide(_ begin: Int, _ end: Int?) async throws {
                let part = DispatchedDelivery(id: delivery, begin: begin, end: end)
                try await scenario.store.commit(DispatchBatch(now: Scenario.at(1), deliveries: [part]))
            }
            try await decide(0, 100)
            let rest = try #require(try await scenario.store.undispatched(limit: 10).first)
            #expect(rest.id == delivery && rest.decidedEvents == 100)
            #expect(try await scenario.store.counts().undispatched == 1)
            // Whoever had read it before decides nothing twice.
            #expect(await storeFails(.conflict) { try await decide(0, 100) })
            #expect(await storeFails(.conflict) { try await decide(0, nil) })
            try await decide(100, nil)
            #expect(try await scenario.store.undispatched(limit: 10).isEmpty)
            #expect(await storeFails(.conflict) { try await decide(100, nil) })
        },
        StoreConformance("a call that fails takes no other one down") { scenario in
            let done = try await scenario.deliver()
            try await scenario.dispatch(done)
            let (stored, refused) = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        if index % 2 == 0 {
                            try await scenario.deliver(at: Scenario.at(Int64(index)))
                            return true
                        }
                        return await !storeFails(.conflict) { try await scenario.dispatch(done) }
                    }
                }
                return try await group.reduce(into: (0, 0)) { if $1 { $0.0 += 1 } else { $0.1 += 1 } }
            }
            #expect(stored == 50 && refused == 50)
            #expect(try await scenario.store.counts().undispatched == 50)
        },
    ]
}
