import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: what created servers cost, and whose servers are")
struct EngineCostReportTests {
    // MARK: Money and months

    @Test(
        "amounts are read exactly and written back",
        arguments: [
            ("5", 5_000_000, "5.00"), ("5.00", 5_000_000, "5.00"), ("0.0125", 12_500, "0.0125"),
            ("1000000000", 1_000_000_000_000_000, "1000000000.00"),
            ("4.9", 4_900_000, "4.90"),
        ])
    func money(text: String, micros: Int, shown: String) throws {
        let money = try #require(Money(text: text))
        #expect(money.micros == Int64(micros) && money.text == shown)
    }

    @Test("what is no amount", arguments: ["", "-1", "1e2", ".5", "5.", "5,00", "5.00000", "10000000000", "5 EUR", "٥", "1.2.3"])
    func noMoney(text: String) { #expect(Money(text: text) == nil) }

    @Test("sums stop at the greatest amount")
    func saturates() {
        #expect(Money(micros: .max).adding(Money(micros: 1)) == Money(micros: .max))
        #expect(Money(micros: .max).times(2) == Money(micros: .max) && Money(micros: 5).times(3) == Money(micros: 15))
    }

    @Test(
        "months in UTC",
        arguments: [
            ("2026-11-30T23:59:59Z", "2026-11", "2026-12-01T00:00:00Z"),
            ("2026-12-01T00:00:00Z", "2026-12", "2027-01-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02", "2028-03-01T00:00:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12", "1970-01-01T00:00:00Z"),
        ])
    func months(instant: String, month: String, end: String) throws {
        let found = Month(containing: try #require(Timestamp(rfc3339: instant)))
        #expect(found.description == month && found.end.rfc3339 == end && Month(text: month) == found)
        #expect(Month(containing: found.start) == found && Month(containing: found.end) != found)
    }

    @Test("what is no month", arguments: ["2026-13", "2026-00", "2026-1", "26-11", "2026-11-01", "0000-01", "2026/11"])
    func noMonth(text: String) { #expect(Month(text: text) == nil) }

    // MARK: The report

    private static let prices = PriceList(currency: "EUR", plans: [2: Money(micros: 30_000_000)])

    private static func time(_ text: String) -> Timestamp { Timestamp(rfc3339: text) ?? Timestamp(seconds: 0) }

    private static func purchase(
        _ id: Int64, rule: String = "up", plan: Int64 = 2, price: Money? = nil, at: String, end: String? = nil
    ) -> Purchase {
        Purchase(
            intent: IntentID(rawValue: id), run: RunID(rawValue: id), rule: rule, name: "web-\(id)", plan: plan, price: price,
            createdAt: time(at), server: ServerID(rawValue: id), endedAt: end.map(time))
    }

    @Test("a create whose server its repetition made is in no line and no cap")
    func repeatedCreate() throws {
        let month = try #require(Month(text: "2026-11"))
        var first = Self.purchase(1, at: "2026-11-10T00:00:00Z", end: "2026-11-10T00:06:00Z")
        first.server = nil
        let limits = Limits(
            creates: CreateCaps(maxPerDay: 5, maxPerMonth: 9, maxCostPerMonth: Money(micros: 100_000_000)), prices: Self.prices)
        let report = CostReport(
            month, purchases: [first, Self.purchase(2, at: "2026-11-10T00:05:00Z")], limits: limits, ruleCaps: [],
            now: Self.time("2026-11-10T12:00:00Z"))
        #expect(report.lines.map(\.purchase.intent.rawValue) == [2])
        #expect(report.caps.map(\.used) == ["1", "1", "30.00 EUR"])
    }

    @Test("each server by the time that it was there, the full month as caps count it, and what is left")
    func report() throws {
        let month = try #require(Month(text: "2026-11"))
        let purchases = [
            Self.purchase(1, at: "2026-09-10T00:00:00Z"),
            Self.purchase(2, at: "2026-09-10T00:00:00Z", end: "2026-11-04T00:00:00Z"),
            Self.purchase(3, at: "2026-09-10T00:00:00Z", end: "2026-10-31T23:59:59Z"),
            Self.purchase(4, rule: "other", at: "2026-11-10T00:00:00Z"),
            Self.purchase(5, rule: "other", plan: 7, at: "2026-11-10T12:00:00Z"),
            Self.purchase(6, rule: "other", plan: 8, price: Money(micros: 1_000_000), at: "2026-11-10T12:00:00Z"),
        ]
        let limits = Limits(
            creates: CreateCaps(maxPerDay: 5, maxPerMonth: 9, maxCostPerMonth: Money(micros: 100_000_000)), prices: Self.prices)
        let report = CostReport(
            month, purchases: purchases, limits: limits, ruleCaps: [("up", CreateCaps(maxPerMonth: 1))],
            now: Self.time("2026-11-11T00:00:00Z"))
        #expect(report.lines.map(\.purchase.name) == ["web-1", "web-2", "web-4", "web-5", "web-6"])
        #expect(report.lines.map(\.soFar?.text) == ["10.00", "3.00", "1.00", nil, "0.0166"])
        #expect(report.lines.map(\.fullMonth?.text) == ["30.00", "30.00", "30.00", nil, "1.00"])
        #expect(
            report.rules.map { "\($0.rule) \($0.count) \($0.soFar.text) \($0.fullMonth.text)" } == [
                "other 3 1.0166 31.00", "up 2 13.00 60.00",
            ])
        #expect(report.unpriced == 1 && report.fullMonth.text == "91.00")
        #expect(
            report.caps.map { "\($0.rule ?? "all") \($0.key) \($0.used)/\($0.most) \($0.left)" } == [
                "all max_per_day 2/5 3", "all max_per_month 3/9 6", "all max_cost_per_month 91.00 EUR/100.00 EUR 9.00 EUR",
                "up max_per_month 0/1 1",
            ])
        let past = CostReport(
            month, purchases: purchases, limits: limits, ruleCaps: [], now: Self.time("2026-12-02T00:00:00Z"))
        #expect(past.lines.first?.soFar?.text == "30.00")
        #expect(past.caps.map(\.key) == ["max_per_month", "max_cost_per_month"])
    }

    // MARK: Ownership

    @Test("adopt needs exactly one server of the name in a complete list, and is in the audit with who said it")
    func adopt() async throws {
        let fixture = try EngineFixture(servers: [
            EngineOperation.server, EngineScale.server(8, "twin"), EngineScale.server(9, "twin"),
        ])
        #expect(try await fixture.adopt("nobody").text == "there is no server of that name")
        #expect(try await fixture.adopt("twin").text == "2 servers have that name: 8, 9")
        #expect(try await fixture.adopt("WEB-5").isDone == false, "by bytes")
        fixture.api.makeListsIncomplete(true)
        #expect(try await fixture.adopt("web-5").isDone == false)
        fixture.api.makeListsIncomplete(false)
        #expect(try await fixture.store.createdServers().isEmpty)
        #expect(try await fixture.adopt("web-5").isDone)
        let owned = try await fixture.store.createdServers()
        #expect(owned.map(\.name) == ["web-5"] && owned.first?.adoptedBy == "operator" && owned.first?.run == nil)
        #expect(try await fixture.adopt("web-5").text == "web-5 (5) is the bridge's already")
        let audit = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 10)
        #expect(audit.map(\.actor) == ["operator"] && audit.first?.server == ServerID(rawValue: 5))
    }

    @Test("disown takes it back; adopted again it is the bridge's again")
    func disown() async throws {
        let fixture = try EngineFixture(servers: [EngineOperation.server])
        let desk = OwnershipDesk(store: fixture.store, queries: fixture.store, api: fixture.api)
        #expect(await desk.disown("web-5", by: "operator", now: fixture.clock.now()).isDone == false)
        try await fixture.adopt("web-5")
        #expect(await desk.disown("web-5", by: "operator", now: fixture.clock.now()).isDone)
        #expect(try await fixture.store.createdServers().isEmpty)
        #expect(try await fixture.adopt("web-5").isDone)
        #expect(try await fixture.store.createdServers().count == 1)
        #expect(try await fixture.store.purchases(from: fixture.began, to: fixture.clock.now() + .seconds(1)).isEmpty)
    }
}
