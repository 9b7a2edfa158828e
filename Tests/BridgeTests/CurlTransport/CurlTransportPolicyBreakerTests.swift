import CurlTransport
import Model
import Testing

private let start = Timestamp(seconds: 1_800_000_000)

@Suite("Circuit breakers")
struct CurlTransportPolicyBreakerTests {
    private func opened(_ openings: Int = 1, random: Double = 0.5) -> (breaker: CircuitBreaker, until: Timestamp) {
        var breaker = CircuitBreaker()
        var now = start
        for _ in 0..<5 { breaker.failed(now: now, random: random) }
        for _ in 1..<max(openings, 1) {
            if case .open(let until) = breaker.condition(now: now) { now = until }
            breaker.beginProbe(now: now)
            breaker.probeFailed(now: now, random: random)
        }
        guard case .open(let until) = breaker.condition(now: now) else { return (breaker, now) }
        return (breaker, until)
    }

    @Test("it opens at the fifth consecutive failure, not at five with a success between")
    func opens() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.failed(now: start, random: 0.5) }
        breaker.succeeded()
        for _ in 0..<4 { breaker.failed(now: start, random: 0.5) }
        #expect(breaker.condition(now: start) == .closed)
        breaker.failed(now: start, random: 0.5)
        #expect(breaker.condition(now: start) == .open(until: start + .seconds(30)))
    }

    @Test("each opening in a row doubles the time, to 300 s", arguments: zip(1...7, [30, 60, 120, 240, 300, 300, 300]))
    func doubles(openings: Int, seconds: Int) {
        var breaker = CircuitBreaker()
        var now = start
        for _ in 0..<5 { breaker.failed(now: now, random: 0.5) }
        for _ in 1..<openings {
            guard case .open(let until) = breaker.condition(now: now) else { break }
            now = until
            breaker.beginProbe(now: now)
            breaker.probeFailed(now: now, random: 0.5)
        }
        #expect(breaker.condition(now: now) == .open(until: now + .seconds(seconds)))
    }

    @Test(
        "the time is spread by a fifth to either side", arguments: [(0, 24), (0.5, 30), (1, 36), (.nan, 30), (-7, 24), (7, 36)])
    func spread(random: Double, seconds: Int) {
        let span = opened(random: random).until.since(start)
        #expect(abs(span.inSeconds - Double(seconds)) < 0.001)
    }

    @Test("half-open wants one probe, and another only when the first says nothing or is lost")
    func probes() {
        var (breaker, until) = opened()
        #expect(breaker.condition(now: until - .milliseconds(1)) == .open(until: until))
        #expect(breaker.condition(now: until) == .wantsProbe)
        breaker.beginProbe(now: until)
        #expect(breaker.condition(now: until) == .probing(until: until + CircuitBreaker.probeLease))
        #expect(breaker.condition(now: until + CircuitBreaker.probeLease) == .wantsProbe)
        breaker.probeSaidNothing(now: until)
        #expect(breaker.condition(now: until) == .wantsProbe)
        breaker.beginProbe(now: until)
        breaker.probeSucceeded(isProof: true)
        #expect(breaker.condition(now: until) == .closed && breaker.openings == 0)
    }

    @Test("answers to requests from before it opened neither close it nor open it for longer")
    func lateAnswers() {
        var (breaker, until) = opened()
        breaker.succeeded()
        breaker.failed(now: start, random: 0.5)
        #expect(breaker.condition(now: start) == .open(until: until))
    }

    @Test("closed without proof, the next failure opens it for twice as long, and a success ends the trial")
    func trial() {
        var (breaker, until) = opened()
        breaker.beginProbe(now: until)
        breaker.probeSucceeded(isProof: false)
        #expect(breaker.condition(now: until) == .closed && breaker.isOnTrial)
        var lucky = breaker
        breaker.failed(now: until, random: 0.5)
        #expect(breaker.condition(now: until) == .open(until: until + .seconds(60)))
        lucky.succeeded()
        lucky.failed(now: until, random: 0.5)
        #expect(lucky.condition(now: until) == .closed && !lucky.isOnTrial)
    }

    @Test(
        "a clock that is set back makes it wait at most its open time, one set forward not at all",
        arguments: [-3 * 86_400, 3 * 86_400])
    func clock(jump: Int) {
        var (breaker, _) = opened()
        let then = start + .seconds(jump)
        breaker.clamp(now: then)
        breaker.clamp(now: then + .seconds(15))
        #expect(breaker.condition(now: then + .seconds(30)) == .wantsProbe)
        breaker.beginProbe(now: then)
        breaker.clamp(now: then - .seconds(86_400))
        #expect(breaker.condition(now: then - .seconds(86_400) + CircuitBreaker.probeLease) == .wantsProbe)
    }

    @Test("credentials: opens at the first refusal, asks again every 60 s, tells people once until such a request went through")
    func credentials() {
        var breaker = ConfigurationBreaker()
        #expect(breaker.wasRefused(.read, isProbe: false, now: start) == true)
        #expect(breaker.wasRefused(.list, isProbe: false, now: start + .seconds(9)) == false)
        #expect(breaker.condition(now: start) == .open(until: start + .seconds(60)))
        let due = start + .seconds(60)
        #expect(breaker.condition(now: due) == .wantsProbe)
        breaker.beginProbe(now: due)
        #expect(breaker.wasRefused(.list, isProbe: true, now: due) == false)
        #expect(breaker.condition(now: due) == .open(until: due + .seconds(60)))
        breaker.credentialsReplaced(now: due)
        #expect(breaker.condition(now: due) == .wantsProbe)
        breaker.beginProbe(now: due)
        breaker.wentThrough(.read, isProbe: false)
        #expect(breaker.condition(now: due) != .closed, "what was sent before does not close it")
        breaker.wentThrough(.list, isProbe: true)
        #expect(breaker.condition(now: due) == .closed)
        #expect(breaker.wasRefused(.read, isProbe: false, now: due) == false, "a list that went through is no such read")
    }

    @Test("one server that may not be read is told once, though the list and other servers may be read in between")
    func oneServer() {
        var breaker = ConfigurationBreaker()
        var told = 0
        for round in 0..<300 {
            let now = start + .seconds(61 * round)
            if breaker.wasRefused(.read, isProbe: false, now: now) { told += 1 }
            breaker.beginProbe(now: now + .seconds(60))
            breaker.wentThrough(.list, isProbe: true)
            breaker.wentThrough(.read, isProbe: false)
        }
        #expect(told == 1)
        #expect(breaker.wasRefused(.list, isProbe: false, now: start + .seconds(20_000)) == true, "the token itself")
    }

    @Test("a token that is revoked is told, though a change was refused weeks ago")
    func revoked() {
        var breaker = ConfigurationBreaker()
        #expect(breaker.wasRefused(.mutate, isProbe: false, now: start) == true)
        breaker.beginProbe(now: start + .seconds(60))
        breaker.wentThrough(.list, isProbe: true)
        #expect(breaker.wasRefused(.list, isProbe: false, now: start + .seconds(1_000_000)) == true)
    }

    @Test("credentials that may read but not change tell people once, however often a probe closes the breaker")
    func flapping() {
        var breaker = ConfigurationBreaker()
        var told = 0
        for round in 0..<10 {
            let now = start + .seconds(60 * round)
            if breaker.wasRefused(.mutate, isProbe: false, now: now) { told += 1 }
            breaker.beginProbe(now: now + .seconds(60))
            breaker.wentThrough(.list, isProbe: true)
            breaker.wentThrough(.read, isProbe: false)
        }
        #expect(told == 1)
        breaker.wentThrough(.create, isProbe: false)
        #expect(breaker.wasRefused(.mutate, isProbe: false, now: start) == true)
    }
}
