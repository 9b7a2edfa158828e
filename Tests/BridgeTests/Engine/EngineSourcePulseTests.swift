import Model
import Testing

@Suite("Senders that fall silent")
struct EngineSourcePulseTests {
    private static let start = Timestamp(seconds: 1_795_000_000)

    /// A sender that speaks every so often, for so long.
    private static func steady(every gap: Duration, for span: Duration, from start: Timestamp = start) -> SourcePulse {
        var pulse = SourcePulse()
        var now = start
        while now.since(start) <= span {
            pulse.heard(at: now)
            now = now + gap
        }
        return pulse
    }

    @Test("a gap that is configured holds from the first moment, three of them are silence, and it is said once")
    func configured() {
        var pulse = SourcePulse()
        let began = Self.start
        let every = SourcePulse.Expectation.every(.seconds(600))
        #expect(pulse.turn(every, listeningSince: began, now: began + .seconds(1_800)) == nil)
        let silent = pulse.turn(every, listeningSince: began, now: began + .seconds(1_801))
        #expect(silent == .silent(since: began, gap: .seconds(600)))
        #expect(pulse.turn(every, listeningSince: began, now: began + .seconds(9_000)) == nil)
        pulse.heard(at: began + .seconds(9_100))
        #expect(pulse.turn(every, listeningSince: began, now: began + .seconds(9_100)) == .returned(silentSince: began))
        #expect(pulse.turn(every, listeningSince: began, now: began + .seconds(9_200)) == nil)
    }

    @Test(
        "nothing is usual before a day and ten words",
        arguments: [(600, 86_000, false), (600, 87_000, true), (43_200, 300_000, false)])
    func learning(gap: Int, span: Int, isKnown: Bool) {
        let pulse = Self.steady(every: .seconds(gap), for: .seconds(span))
        #expect((pulse.usualGap == .seconds(gap)) == isKnown, "\(String(describing: pulse.usualGap))")
    }

    @Test("a watchdog every ten minutes is missed after thirty")
    func watchdog() throws {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(2 * 86_400))
        let last = try #require(pulse.lastHeardAt)
        #expect(pulse.turn(.learnt, listeningSince: Self.start, now: last + .seconds(1_800)) == nil)
        #expect(
            pulse.turn(.learnt, listeningSince: Self.start, now: last + .seconds(1_801))
                == .silent(since: last, gap: .seconds(600)))
    }

    @Test("a burst of thousands, and two hours of a storm, do not make ten minutes unusual")
    func bursts() throws {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(2 * 86_400))
        let last = try #require(pulse.lastHeardAt)
        for number in 1...5_000 { pulse.heard(at: last + .milliseconds(Int64(number) * 10)) }
        for minute in 1...120 { pulse.heard(at: last + .seconds(60 + Int64(minute) * 60)) }
        #expect(pulse.usualGap == .seconds(600))
    }

    @Test("a sender that rests at night is not missed at night")
    func nights() throws {
        var pulse = SourcePulse()
        for day in 0..<5 {
            for minute in stride(from: 0, to: 14 * 60, by: 5) {
                let now = Self.start + .seconds(Int64(day) * 86_400 + Int64(minute) * 60)
                #expect(pulse.turn(.learnt, listeningSince: Self.start, now: now) == nil, "day \(day), minute \(minute)")
                pulse.heard(at: now)
            }
            // Until the next morning nobody is told, once a day was seen whole.
            let night = Self.start + .seconds(Int64(day) * 86_400 + 23 * 3_600)
            if day > 0 { #expect(pulse.turn(.learnt, listeningSince: Self.start, now: night) == nil, "night \(day)") }
            pulse.silentSince = nil
        }
    }

    @Test("what happened while the bridge was away is not held against a sender")
    func away() throws {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(2 * 86_400))
        let restart = try #require(pulse.lastHeardAt) + .seconds(86_400)
        #expect(pulse.turn(.learnt, listeningSince: restart, now: restart + .seconds(1_700)) == nil)
        #expect(pulse.turn(.learnt, listeningSince: restart, now: restart + .seconds(1_801)) != nil)
    }

    @Test("a long silence is no habit, a sender that became slower is learnt to be")
    func habits() throws {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(3 * 86_400))
        let last = try #require(pulse.lastHeardAt)
        pulse.heard(at: last + .seconds(5 * 3_600))
        #expect(pulse.usualGap == .seconds(600))
        var now = last + .seconds(5 * 3_600)
        for _ in 0..<(9 * 24) {
            now = now + .seconds(3_600)
            pulse.heard(at: now)
        }
        #expect(pulse.usualGap == .seconds(3_600))
    }

    @Test("a silence of most of a day counts as three usual gaps")
    func longSilence() throws {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(3 * 86_400))
        let last = try #require(pulse.lastHeardAt)
        pulse.heard(at: last + .seconds(20 * 3_600))
        #expect(pulse.usualGap == .seconds(1_800))
    }

    @Test("clocks that are set back or far ahead break nothing")
    func clocks() {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(2 * 86_400))
        pulse.heard(at: Self.start)
        pulse.heard(at: Timestamp(microseconds: .max))
        pulse.heard(at: Timestamp(microseconds: .min))
        #expect(pulse.gaps.count <= 168 && pulse.gaps.allSatisfy { $0 >= 0 })
        _ = pulse.turn(.learnt, listeningSince: Self.start, now: Timestamp(microseconds: .min))
    }

    @Test("of a source that nothing is expected of nothing is said")
    func never() {
        var pulse = Self.steady(every: .seconds(600), for: .seconds(2 * 86_400))
        #expect(pulse.turn(.never, listeningSince: Self.start, now: Self.start + .seconds(90 * 86_400)) == nil)
        pulse.silentSince = Self.start + .seconds(90 * 86_400)
        #expect(pulse.turn(.never, listeningSince: Self.start, now: Self.start + .seconds(91 * 86_400)) == nil)
        #expect(pulse.silentSince == nil)
    }
}
