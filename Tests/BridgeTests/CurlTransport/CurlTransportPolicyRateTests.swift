import CurlTransport
import Model
import Testing

private let start = Timestamp(seconds: 1_800_000_000)

@Suite("Rate limit")
struct CurlTransportPolicyRateTests {
    private func near(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 0.001 }

    @Test("ten at once, then five a second")
    func burst() {
        var limit = RateLimit()
        #expect((0..<20).filter { _ in limit.take(.mutate, now: start) }.count == 10)
        #expect(limit.wait(for: .mutate, now: start) == .milliseconds(200))
        var taken = 0
        for step in 1...1_000 where limit.take(.mutate, now: start + .milliseconds(10 * step)) { taken += 1 }
        #expect((49...50).contains(taken))
    }

    @Test("reads leave two tokens to changes and to the probe", arguments: RequestClass.allCases)
    func reserve(kind: RequestClass) {
        var limit = RateLimit()
        while limit.take(.read, now: start) {}
        #expect(limit.tokens(now: start) == 2)
        #expect(limit.take(kind, now: start) == (kind != .read))
    }

    @Test("a burst of one still lets reads out")
    func small() {
        var limit = RateLimit(limit: 0.1, burst: 1)
        #expect(limit.take(.read, now: start) == true)
        #expect(limit.take(.read, now: start + .seconds(9)) == false)
        #expect(limit.take(.read, now: start + .seconds(10)) == true)
    }

    @Test("each 429 halves the rate and empties the bucket, down to one request in 5 s")
    func halves() {
        var limit = RateLimit()
        var rates: [Double] = []
        for step in 0..<7 {
            let now = start + .milliseconds(step)
            limit.throttled(sentAt: now, now: now)
            #expect(limit.tokens(now: now) == 0)
            rates.append(limit.rate(now: now))
        }
        #expect(zip(rates, [2.5, 1.25, 0.625, 0.3125, 0.2, 0.2, 0.2]).allSatisfy { near($0, $1) })
    }

    @Test("ten answers to one burst halve once")
    func oneBurst() {
        var limit = RateLimit()
        for step in 0..<10 { limit.throttled(sentAt: start, now: start + .seconds(1 + step)) }
        #expect(limit.rate(now: start + .seconds(1)) >= 2.5)
    }

    @Test("a tenth of the limit comes back in 10 s")
    func recovers() {
        var limit = RateLimit()
        limit.throttled(sentAt: start, now: start)
        let rates = [0, 10, 20, 50, 500].map { limit.rate(now: start + .seconds($0)) }
        #expect(zip(rates, [2.5, 3, 3.5, 5, 5]).allSatisfy { near($0, $1) })
    }

    @Test("a clock that is set back gives and takes nothing, and the bucket fills on from there")
    func clockBack() {
        var limit = RateLimit()
        while limit.take(.mutate, now: start) {}
        let back = start - .seconds(86_400)
        #expect(limit.take(.mutate, now: back) == false)
        #expect(limit.take(.mutate, now: back + .milliseconds(201)) == true)
        limit.throttled(sentAt: back, now: back)
        #expect(limit.rate(now: back) < 3)
    }

    @Test("values that are no limit count as the defaults", arguments: [0, -1, .nan, .infinity])
    func degenerate(rate: Double) {
        #expect(RateLimit(limit: rate, burst: -4) == RateLimit(limit: 5, burst: 1))
    }

    @Test("in every span no more than the burst and the rate allow, whatever is asked and answered", arguments: UInt64(1)...20)
    func bound(seed: UInt64) {
        var generator = JSONTestRandom(seed: seed)
        var limit = RateLimit()
        var sent: [Double] = []
        var now = start
        for _ in 0..<3_000 {
            now = now + .milliseconds(Int.random(in: 0...300, using: &generator))
            let kind = RequestClass.allCases.randomElement(using: &generator) ?? .read
            if limit.take(kind, now: now) { sent.append(now.since(start).inSeconds) }
            if Int.random(in: 0..<200, using: &generator) == 0 { limit.throttled(sentAt: now, now: now) }
        }
        #expect(curlTransportPolicyExcess(of: sent, rate: 5, burst: 10) <= 0.001)
    }
}
