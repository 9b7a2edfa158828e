import CurlTransport
import Model
import Testing

private let start = Timestamp(seconds: 1_800_000_000)

@Suite("Retry budget, bulkhead, deadlines")
struct CurlTransportPolicyBudgetTests {
    @Test(
        "a full budget pays for 35 repeats after failures or 100 after throttling, then makes wait",
        arguments: RetryBudget.Repeat.allCases)
    func drains(kind: RetryBudget.Repeat) {
        var budget = RetryBudget()
        var paid = 0
        while budget.take(kind, now: start) { paid += 1 }
        #expect(paid == (kind == .transient ? 35 : 100))
        let wait = budget.wait(for: kind, now: start)
        #expect(wait == (kind == .transient ? .seconds(4) : .seconds(5)))
        #expect(budget.take(kind, now: start + wait) == true)
    }

    @Test("an hour of failures gets 35 repeats and one in 14 s")
    func hour() {
        var budget = RetryBudget()
        var paid = 0
        for second in 0..<3_600 where budget.take(.transient, now: start + .seconds(second)) { paid += 1 }
        #expect(paid == 292)
    }

    @Test("a success gives one token back, never above the capacity")
    func refills() {
        var budget = RetryBudget()
        budget.succeeded(now: start)
        #expect(budget.tokens(now: start) == 500)
        #expect(budget.take(.transient, now: start) == true)
        budget.succeeded(now: start)
        #expect(budget.tokens(now: start) == 487)
        #expect(budget.tokens(now: start + .seconds(86_400)) == 500)
    }

    @Test("a clock that is set back gives and takes nothing, and the budget fills on from there")
    func clockBack() {
        var budget = RetryBudget()
        while budget.take(.transient, now: start) {}
        let back = start - .seconds(3 * 86_400)
        #expect(budget.take(.transient, now: back) == false)
        #expect(budget.take(.transient, now: back + .seconds(4)) == true)
    }

    @Test("values that are no budget count as the defaults", arguments: [-1, .nan, .infinity])
    func degenerate(value: Double) {
        #expect(RetryBudget(capacity: value, perSuccess: value, perSecond: value) == RetryBudget())
        #expect(RetryBudget(capacity: 0).capacity == 14)
    }

    @Test("a bulkhead holds as many as it has places, and a place is left once")
    func bulkhead() {
        var bulkhead = Bulkhead(capacity: 2)
        #expect(bulkhead.enter(1, now: start) && bulkhead.enter(2, now: start))
        #expect(bulkhead.isFull && !bulkhead.enter(3, now: start))
        #expect(bulkhead.leave(1) && !bulkhead.leave(1))
        #expect(bulkhead.enter(3, now: start) == true)
        #expect(Bulkhead(capacity: -3).capacity == 1)
    }

    @Test(
        "a place that nobody gives back is free after its lease, also when the clock was set back",
        arguments: [0, -3 * 86_400, 86_400])
    func leakedPlace(jump: Int) {
        var bulkhead = Bulkhead(capacity: 1)
        #expect(bulkhead.enter(1, now: start) == true)
        let then = start + .seconds(jump)
        bulkhead.clamp(now: then)
        let later = then + Bulkhead.lease
        bulkhead.clamp(now: later)
        #expect(bulkhead.enter(2, now: later) == true)
    }

    @Test("a deadline is over after its span, and at the latest a span after the clock was set back")
    func deadline() {
        var deadline = Deadline(in: .seconds(30), now: start)
        #expect(!deadline.isOver(now: start + .seconds(29)) && deadline.isOver(now: start + .seconds(30)))
        let back = start - .seconds(86_400)
        deadline.clamp(now: back)
        #expect(!deadline.isOver(now: back + .seconds(29)) && deadline.isOver(now: back + .seconds(30)))
        deadline.clamp(now: back + .seconds(20))
        #expect(deadline.until == back + .seconds(30))
    }

    @Test("due times follow each other at the pace, never farther than the horizon")
    func dueTimes() {
        var times = DueTimes()
        let dues = (0..<5).map { _ in times.next(in: .seconds(1), spacing: .seconds(2), now: start).since(start) }
        #expect(dues == [1_001, 3_001, 5_001, 7_001, 9_001].map { .milliseconds($0) })
        for _ in 0..<1_000 { _ = times.next(in: .zero, spacing: .seconds(2), now: start) }
        #expect(times.next(in: .zero, spacing: .seconds(2), now: start).since(start) == DueTimes.horizon)
        let back = start - .seconds(86_400)
        #expect(times.next(in: .zero, spacing: .seconds(2), now: back).since(back) == DueTimes.horizon)
    }
}
