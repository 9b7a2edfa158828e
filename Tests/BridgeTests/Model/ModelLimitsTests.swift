import Model
import Testing

@Suite("Limits")
struct ModelLimitsTests {
    @Test("the strictest of two is stricter in every respect, whichever way round")
    func strictest() {
        let floor = Limits()
        let rule = Limits(
            cooldown: .seconds(60), budgets: [Budget(max: 1, per: .seconds(3_600))], fleetBudgets: [], maxConcurrent: 5,
            maxEventAge: .seconds(60), settle: .seconds(120))
        for both in [floor.strictest(rule), rule.strictest(floor)] {
            #expect(both.cooldown == .seconds(1_800))
            #expect(both.settle == .seconds(120))
            #expect(both.maxEventAge == .seconds(60))
            #expect(both.maxConcurrent == 5)
            #expect(Set(both.budgets) == Set(floor.budgets + rule.budgets))
            #expect(both.fleetBudgets == floor.fleetBudgets)
        }
    }

    @Test("no limits combined with the floor is the floor")
    func none() {
        #expect(Limits.none.strictest(Limits()) == Limits())
        #expect(Limits().strictest(.none) == Limits())
    }

    @Test("servers worked on at once: one, two from 20 servers, or as said", arguments: [(1, 1), (19, 1), (20, 2), (500, 2)])
    func concurrency(fleet: Int, expected: Int) {
        #expect(Limits().concurrency(fleetSize: fleet) == expected)
        #expect(Limits(maxConcurrent: 7).concurrency(fleetSize: fleet) == 7)
    }
}
