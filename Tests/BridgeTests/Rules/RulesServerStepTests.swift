import Model
import Testing

@testable import Rules

@Suite("rules: steps that are operations of the Servers API")
struct RulesServerStepTests {
    private func codes(_ lines: String..., floor: Limits = Limits()) -> [String] {
        RulesFixture.load(RulesFixture.alertRule(lines: lines), floor: floor).diagnostics.map {
            "\($0.code.rawValue) \($0.message)"
        }
    }

    private static let create = "{action: server.create, with: {name: a, plan_id: 2, os_id: 1, location: x}}"

    @Test(
        "what does not fit is refused at load",
        arguments: [
            ("{action: server.update, with: {}}", "R049"), ("server.update", "R011"), ("{action: server.update}", "R011"),
            ("{action: server.replace, with: {name: a, hostname: b}}", "R011"),
            ("{action: server.update, with: {name: 'a b'}}", "R016"),
            ("{action: server.update, with: {backups_enabled: 'yes'}}", "R010"),
            ("{action: server.update, with: {plan_id: 3}}", "R012"),
            ("{action: server.create, with: {name: a}}", "R011"),
            ("{action: server.create, with: {name: a_b, plan_id: 2, os_id: 1, location: x}}", "R016"),
            ("{action: server.create, with: {name: a, plan_id: big, os_id: 1, location: x}}", "R010"),
            ("{action: server.delete, with: {id: 5}}", "R012"), ("{action: server.get, with: {id: 5}}", "R012"),
            ("{action: server.delete, retry: 3}", "R049"), ("{action: server.update, timeout: 5s, with: {name: a}}", "R049"),
            ("{action: server.delete, wait_for: stopped}", "R049"), ("{action: server.list, wait_for: stopped}", "R049"),
            ("{action: server.get, expect: 200}", "R049"), ("{action: server.list, with: {plan: 2}}", "R012"),
        ])
    func refused(step: String, code: String) {
        let found = codes("actions: [\(step)]")
        #expect(found.contains { $0.hasPrefix(code) }, "\(found)")
    }

    @Test(
        "what needs a server has a target",
        arguments: ["server.get", "server.delete", "{action: server.update, with: {name: a}}"])
    func target(step: String) {
        #expect(codes("target: -", "actions: [\(step)]").contains { $0.hasPrefix("R044") })
    }

    @Test("a rule that deletes by itself says whose servers")
    func deletes() {
        #expect(codes("autonomy: auto", "actions: [server.delete]").map { $0.prefix(4) } == ["R048"])
        #expect(
            codes("autonomy: auto", "fleet: {select: server.id > 1, delete: bridge-created}", "actions: [server.delete]") == [])
        #expect(codes("autonomy: auto", "fleet: server.id > 1", "actions: [server.delete]").map { $0.prefix(4) } == ["R048"])
        #expect(codes("autonomy: approve", "actions: [server.delete]") == [])
    }

    @Test("one rung changes servers once, and reads as often as it likes")
    func order() {
        #expect(codes("actions: [server.list, server.get, server.reboot, server.get]") == [])
        #expect(codes("autonomy: approve", "actions: [server.reboot, server.delete]").map { $0.prefix(4) } == ["R043"])
    }

    @Test("a cap in money needs the price of every plan, of the rule's cap and of all rules'")
    func prices() {
        let capped = Limits(creates: CreateCaps(maxCostPerMonth: Money(micros: 9_000_000)))
        var priced = capped
        priced.prices.plans[2] = Money(micros: 5_000_000)
        #expect(codes("actions: [\(Self.create)]") == [])
        #expect(codes("actions: [\(Self.create)]", floor: capped).map { $0.prefix(4) } == ["R054"])
        #expect(codes("actions: [\(Self.create)]", floor: priced) == [])
        let dynamic = Self.create.replacing("plan_id: 2", with: "plan_id: '${{ server.plan.id }}'")
        #expect(codes("actions: [\(dynamic)]", floor: capped).map { $0.prefix(4) } == ["R054"])
        #expect(codes("actions: [\(dynamic)]", floor: priced) == [])
        #expect(codes("limits: {creates: {max_cost_per_month: 5}}", "actions: [\(Self.create)]").map { $0.prefix(4) } == ["R054"])
    }

    @Test(
        "a rule's cap is not looser than the floor, and is an amount",
        arguments: [
            ("max_per_day: 11", "R042"), ("max_per_day: 10", nil), ("max_per_month: 31", "R042"),
            ("max_cost_per_month: 9.01", "R042"),
            ("max_cost_per_month: 9", nil), ("max_cost_per_month: cheap", "R010"), ("max_per_year: 5", "R012"),
        ] as [(String, String?)])
    func floor(cap: String, code: String?) {
        let floor = Limits(
            creates: CreateCaps(maxPerDay: 10, maxPerMonth: 30, maxCostPerMonth: Money(micros: 9_000_000)),
            prices: PriceList(plans: [2: Money(micros: 1)]))
        #expect(codes("limits: {creates: {\(cap)}}", floor: floor).map { String($0.prefix(4)) } == [code].compactMap(\.self))
    }

    @Test("`run` is known to steps and to nothing before them; outputs have types")
    func names() {
        #expect(codes("when: run.id == 5").map { $0.prefix(4) } == ["R021"])
        #expect(codes("actions: [{action: server.update, with: {name: 'a-${{ run.short_id }}'}}]") == [])
        #expect(
            codes("actions: [{id: l, action: server.list}, {action: notify, with: {channel: ops, text: '${{ l }}'}}]").map {
                $0.prefix(4)
            }
                == ["R021"])
        #expect(
            codes(
                "actions: [{id: l, action: server.list}, {action: notify, with: {channel: ops, text: '${{ steps.l.server }}'}}]"
            ).map {
                $0.prefix(4)
            } == ["R022"])
    }
}
