import CurlTransport
import Model
import Testing

private let start = Timestamp(seconds: 1_800_000_000)

@Suite("Upstream gate")
struct CurlTransportPolicyGateTests {
    /// A gate on its own clock.
    private struct Rig {
        var gate = UpstreamGate(limits: GateLimits(rate: 1_000, burst: 1_000))
        var now = start

        mutating func admit(_ kind: RequestClass, retry: RetryBudget.Repeat? = nil) -> GatePermit? {
            guard case .admitted(let permit) = gate.admit(kind, retry: retry, now: now) else { return nil }
            return permit
        }

        @discardableResult
        mutating func send(_ kind: RequestClass, _ result: GateResult) -> Bool? {
            admit(kind).map { gate.finished($0, result, now: now, random: 0.5) }
        }

        mutating func refusal(_ kind: RequestClass, retry: RetryBudget.Repeat? = nil) -> (GateReason, Int)? {
            guard case .refused(let reason, let until) = gate.admit(kind, retry: retry, now: now) else { return nil }
            return (reason, Int(until.since(now).inSeconds))
        }

        mutating func open(_ kind: RequestClass) {
            for _ in 0..<5 { send(kind, .unavailable(retryAfter: nil)) }
        }

        mutating func pass(_ seconds: Int) { now = now + .seconds(seconds) }
    }

    @Test("reads that fail keep everything back; changes that fail keep only changes back", arguments: RequestClass.allCases)
    func opens(kind: RequestClass) {
        var rig = Rig()
        rig.open(kind)
        for other in RequestClass.allCases {
            let isKept = other.changes || !kind.changes
            #expect((rig.refusal(other)?.0 == .breakerOpen) == isKept, "\(other)")
        }
    }

    @Test("half-open lets one list out, whatever else wants to go", arguments: [RequestClass.read, .mutate])
    func halfOpen(opened: RequestClass) {
        var rig = Rig()
        rig.open(opened)
        rig.pass(30)
        for kind in [RequestClass.mutate, .create] {
            #expect(rig.refusal(kind)?.0 == .probeNeeded)
            #expect(rig.gate.outlook(kind, now: rig.now) == .probe)
        }
        #expect((rig.refusal(.read)?.0 == .probeNeeded) == (opened == .read))
        let probe = rig.admit(.list)
        #expect(probe?.isProbe == true)
        for kind in [RequestClass.mutate, .create] { #expect(rig.refusal(kind)?.0 == .probing) }
        #expect((rig.refusal(.list)?.0 == .probing) == (opened == .read))
    }

    @Test("the probe's answer closes the breaker or opens it for twice as long")
    func probe() {
        var rig = Rig()
        rig.open(.read)
        rig.pass(30)
        rig.send(.list, .unavailable(retryAfter: nil))
        #expect(rig.refusal(.list)?.1 == 60)
        rig.pass(60)
        rig.send(.list, .succeeded)
        #expect(rig.refusal(.mutate) == nil && rig.refusal(.read) == nil)
    }

    @Test("a probe costs nothing although the budget is empty")
    func freeProbe() {
        var rig = Rig()
        while rig.send(.read, .answered) != nil, rig.gate.state(now: rig.now).retryTokens > 14 {
            _ = rig.admit(.mutate, retry: .transient).map { rig.gate.finished($0, .answered, now: rig.now, random: 0) }
        }
        rig.open(.read)
        rig.pass(30)
        #expect(rig.admit(.list, retry: .transient)?.isProbe == true)
    }

    @Test("changes that fail while lists are answered get one try per half-open, at growing distances")
    func oneChangeOnTrial() {
        var rig = Rig()
        rig.open(.mutate)
        var gaps: [Int] = []
        for _ in 0..<5 {
            gaps.append(rig.refusal(.mutate)?.1 ?? 0)
            rig.pass(gaps.last ?? 0)
            rig.send(.list, .succeeded)
            let trial = rig.admit(.mutate)
            #expect(trial != nil)
            #expect(rig.refusal(.mutate)?.0 == .probing, "one at a time")
            if let trial { rig.gate.finished(trial, .unavailable(retryAfter: nil), now: rig.now, random: 0.5) }
        }
        #expect(gaps == [30, 60, 120, 240, 300])
    }

    @Test("401 and 403: kept back at once, a list every 60 s, at once after a reload; people are told once")
    func credentials() {
        var rig = Rig()
        #expect(rig.send(.mutate, .unauthorized) == true)
        for kind in RequestClass.allCases { #expect(rig.refusal(kind) ?? (.bulkhead, 0) == (.unauthorized, 60)) }
        rig.pass(60)
        #expect(rig.refusal(.read)?.0 == .probeNeeded)
        #expect(rig.send(.list, .unauthorized) == false)
        #expect(rig.refusal(.list) ?? (.bulkhead, 0) == (.unauthorized, 60))
        rig.gate.credentialsReplaced(now: rig.now)
        #expect(rig.send(.list, .throttled(retryAfter: nil)) == false, "says nothing of the credentials")
        #expect(rig.refusal(.read)?.0 == .unauthorized)
        rig.pass(60)
        rig.send(.list, .succeeded)
        #expect(rig.refusal(.mutate) == nil)
    }

    @Test("a listing that was let out goes on to its end, and everybody else waits for the tokens that it borrowed")
    func pages() {
        var gate = UpstreamGate(limits: GateLimits(rate: 1, burst: 1))
        let now = Timestamp(seconds: 1_795_000_000)
        guard case .admitted(let first) = gate.admit(.list, now: now) else {
            Issue.record("the first page is refused")
            return
        }
        gate.finished(first, .succeeded, now: now, random: 0)
        for _ in 0..<10 {
            guard case .admitted(let page) = gate.admitPage(now: now) else {
                Issue.record("a further page is refused")
                return
            }
            gate.finished(page, .succeeded, now: now, random: 0)
        }
        guard case .refused(.rateLimit, _) = gate.admit(.list, now: now + .seconds(10)) else {
            Issue.record("the debt is forgotten")
            return
        }
        guard case .admitted = gate.admit(.list, now: now + .seconds(12)) else {
            Issue.record("the debt is never paid")
            return
        }
        var asked = gate
        guard case .admitted(let page) = asked.admitPage(now: now + .seconds(12)) else { return }
        asked.finished(page, .throttled(retryAfter: .seconds(40)), now: now + .seconds(12), random: 0)
        guard case .refused(.askedToWait, _) = asked.admitPage(now: now + .seconds(12)) else {
            Issue.record("a wait that was asked for is passed over")
            return
        }
    }

    private static let waits: [(GateResult, Int?)] = [
        (.throttled(retryAfter: .seconds(40)), 40), (.unavailable(retryAfter: .seconds(20)), 20),
        (.throttled(retryAfter: .seconds(9_999)), 300), (.unavailable(retryAfter: .seconds(-3)), nil),
        (.unavailable(retryAfter: nil), nil), (.answered, nil),
    ]

    @Test("what the upstream asks for holds for all requests", arguments: waits)
    func askedToWait(result: GateResult, seconds: Int?) {
        var rig = Rig()
        rig.send(.read, result)
        #expect(rig.refusal(.mutate)?.1 == seconds)
        if let seconds {
            rig.pass(seconds)
            #expect(rig.refusal(.mutate) == nil)
        }
    }

    @Test("an upstream that keeps asking to slow down is asked at growing distances, also when it names none")
    func keepsThrottling() {
        var rig = Rig()
        var waits: [Int] = []
        for _ in 0..<11 {
            rig.send(.mutate, .throttled(retryAfter: nil))
            // At half of what the draw of 0.5 is from: 1, 2, 4 ... 300 s.
            guard case .refused(.askedToWait, let until) = rig.gate.admit(.mutate, now: rig.now) else { break }
            waits.append(Int(until.since(rig.now).inSeconds * 2))
            rig.now = until + .seconds(20)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        rig.send(.mutate, .succeeded)
        rig.send(.mutate, .throttled(retryAfter: nil))
        #expect(rig.refusal(.mutate)?.1 == 0)
    }

    @Test("each kind has its own places")
    func bulkheads() {
        var rig = Rig()
        let permits = (0..<4).compactMap { _ in rig.admit(.read) }
        #expect(permits.count == 4 && rig.refusal(.list)?.0 == .bulkhead)
        #expect((0..<4).compactMap { _ in rig.admit(.mutate) }.count == 4)
        #expect(rig.refusal(.create)?.0 == .bulkhead)
        for _ in 0..<2 { rig.gate.finished(permits[0], .succeeded, now: rig.now, random: 0) }
        #expect(rig.admit(.read) != nil && rig.refusal(.read)?.0 == .bulkhead, "a permit is given back once")
    }

    @Test("four failures in five never open the breaker; repeats are held to the budget all the same")
    func budget() {
        var gate = UpstreamGate(limits: GateLimits(rate: 1_000, burst: 1_000))
        var (sent, turn) = (0, 0)
        for second in 0..<3_600 {
            let now = start + .seconds(second)
            for _ in 0..<10 {
                guard case .admitted(let permit) = gate.admit(.read, retry: .transient, now: now) else { continue }
                sent += 1
                turn += 1
                gate.finished(permit, turn % 5 == 0 ? .succeeded : .unavailable(retryAfter: nil), now: now, random: 0.5)
            }
        }
        #expect(sent < 330, "35 at once, one in 14 s, and what the successes give")
        #expect(gate.admit(.read, now: start + .seconds(3_600)) != .refused(.retryBudget, until: start), "a first try is free")
    }

    @Test("an outlook takes nothing")
    func outlook() {
        var gate = UpstreamGate()
        for _ in 0..<100 { #expect(gate.outlook(.mutate, now: start) == .clear) }
        let state = gate.state(now: start)
        #expect(state.rateTokens == 10 && state.admitted == 0 && state.mutationsInFlight == 0)
    }

    @Test("those whom the rate limit sends away are told times one after the other")
    func spread() {
        var gate = UpstreamGate()
        for _ in 0..<10 {
            guard case .admitted(let permit) = gate.admit(.mutate, now: start) else { break }
            gate.finished(permit, .succeeded, now: start, random: 0)
        }
        let dues = (0..<5).compactMap { _ in
            if case .refused(.rateLimit, let until) = gate.outlook(.mutate, now: start) { until.since(start) } else { nil }
        }
        #expect(zip(dues, dues.dropFirst()).allSatisfy { $1 - $0 == .milliseconds(200) } && dues.count == 5)
    }

    @Test(
        "the clock jumps: nothing is kept back for longer than it would have been at most",
        arguments: [-30 * 86_400, -60, 60, 30 * 86_400])
    func clock(jump: Int) {
        for kind in [RequestClass.read, .mutate] {
            var rig = Rig()
            rig.send(.read, .throttled(retryAfter: .seconds(300)))
            rig.now = rig.now + .seconds(300)
            rig.open(kind)
            rig.send(.list, .unauthorized)
            rig.now = rig.now + .seconds(jump)
            _ = rig.refusal(.list)
            rig.pass(901)
            for _ in 0..<3 {
                rig.send(.list, .succeeded)
                rig.pass(61)
            }
            for other in RequestClass.allCases { #expect(rig.send(other, .succeeded) != nil, "\(other)") }
        }
    }

    @Test("the state names every breaker and every reason")
    func state() {
        var rig = Rig()
        rig.open(.mutate)
        _ = rig.refusal(.mutate)
        let held = rig.admit(.read)
        let state = rig.gate.state(now: rig.now)
        #expect(state.breakers == [.read: .closed, .mutate: .open, .credentials: .closed])
        #expect(state.openUntil == [.mutate: rig.now + .seconds(30)])
        #expect(state.refusals.count == GateReason.allCases.count && state.refusals[.breakerOpen] == 1)
        #expect(held != nil && state.readsInFlight == 1 && state.admitted == 6)
    }
}
