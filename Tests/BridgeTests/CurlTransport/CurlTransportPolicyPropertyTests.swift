import CurlTransport
import Model
import Testing

/// The gate under random requests, answers and times; every failure names its seed.
@Suite("Upstream gate, random histories")
struct CurlTransportPolicyPropertyTests {
    private static let results: [GateResult] = [
        .succeeded, .succeeded, .answered, .throttled(retryAfter: nil), .throttled(retryAfter: .seconds(20)), .unauthorized,
        .unavailable(retryAfter: nil), .unavailable(retryAfter: nil), .unavailable(retryAfter: .seconds(7)),
        .silent,
    ]

    @Test(
        "no probe but one list, no change while a breaker is not closed, no place too many, no burst", arguments: UInt64(1)...40)
    func invariants(seed: UInt64) {
        var random = JSONTestRandom(seed: seed)
        var gate = UpstreamGate()
        let start = Timestamp(seconds: 1_800_000_000)
        var now = start
        var out: [GatePermit] = []
        var sent: [Double] = []
        // Long stretches of failure, or the breakers hardly ever open.
        var bias = GateResult.succeeded
        for step in 0..<800 {
            if step % 50 == 0 { bias = Self.results.randomElement(using: &random) ?? .succeeded }
            now = now + .milliseconds(Int.random(in: 0...(step % 7 == 0 ? 60_000 : 400), using: &random))
            let before = gate.state(now: now)
            let kind = RequestClass.allCases.randomElement(using: &random) ?? .read
            let retry = Bool.random(using: &random) ? RetryBudget.Repeat.allCases.randomElement(using: &random) : nil
            if case .admitted(let permit) = gate.admit(kind, retry: retry, now: now) {
                sent.append(now.since(start).inSeconds)
                if permit.isProbe { #expect(kind == .list) }
                if kind != .list {
                    #expect(before.breakers[.credentials] == .closed && before.breakers[.read] == .closed)
                    #expect(!kind.changes || before.breakers[.mutate] == .closed)
                }
                out.append(permit)
            }
            #expect(out.filter { $0.kind.changes }.count <= 4 && out.filter { !$0.kind.changes }.count <= 4)
            while !out.isEmpty, Int.random(in: 0..<3, using: &random) > 0 {
                let permit = out.remove(at: Int.random(in: 0..<out.count, using: &random))
                let result = Int.random(in: 0..<4, using: &random) > 0 ? bias : Self.results.randomElement(using: &random) ?? bias
                gate.finished(permit, result, now: now, random: Double.random(in: 0..<1, using: &random))
            }
        }
        #expect(curlTransportPolicyExcess(of: sent, rate: 5, burst: 10) <= 0.001)
    }

    @Test(
        "whatever happened, jumps of the clock and lost permits too, a healthy upstream is served again within 25 minutes",
        arguments: UInt64(1)...40)
    func liveness(seed: UInt64) {
        var random = JSONTestRandom(seed: seed)
        var gate = UpstreamGate()
        var now = Timestamp(seconds: 1_800_000_000)
        for _ in 0..<300 {
            let jump = Int.random(in: 0..<20, using: &random) == 0
            now =
                now
                + .seconds(jump ? Int.random(in: -9_000_000...9_000_000, using: &random) : Int.random(in: 0...20, using: &random))
            let kind = RequestClass.allCases.randomElement(using: &random) ?? .read
            guard case .admitted(let permit) = gate.admit(kind, retry: .transient, now: now) else { continue }
            if Int.random(in: 0..<10, using: &random) == 0 { continue }
            let result = Self.results.randomElement(using: &random) ?? .silent
            gate.finished(permit, result, now: now, random: Double.random(in: 0..<1, using: &random))
        }
        var served: Set<RequestClass> = []
        for _ in 0..<300 where served.count < RequestClass.allCases.count {
            now = now + .seconds(5)
            // The budget is small: who was served stands back.
            for kind in RequestClass.allCases where kind == .list || !served.contains(kind) {
                let retry: RetryBudget.Repeat? = served.contains(kind) ? nil : .transient
                guard case .admitted(let permit) = gate.admit(kind, retry: retry, now: now) else { continue }
                gate.finished(permit, .succeeded, now: now, random: 0.5)
                served.insert(kind)
            }
        }
        #expect(served.count == RequestClass.allCases.count, "\(served)")
    }
}
