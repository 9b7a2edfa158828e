import Model
import Testing

@Suite("Model: timestamps")
struct ModelTimestampTests {
    @Test(
        "reads RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2025-01-16T15:30:00Z", 1_737_041_400_000_000),
            ("2026-11-21T18:34:02.305Z", 1_795_286_042_305_000), ("2026-11-21T18:33:53.734046811Z", 1_795_286_033_734_046),
            ("2026-11-21T19:33:53.5+01:00", 1_795_286_033_500_000), ("2026-11-21T13:03:53-05:30", 1_795_286_033_000_000),
            ("2024-02-29T00:00:00z", 1_709_164_800_000_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("1969-12-31t23:59:59.999999Z", -1), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999), ("2000-02-29T12:00:00-00:00", 951_825_600_000_000),
        ] as [(String, Int64)])
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(
        "refuses what is not RFC 3339",
        arguments: [
            "", "2025-01-16", "2025-01-16T15:30:00", "2025-01-16 15:30:00Z", "2025-01-16T15:30Z", "2025-13-01T00:00:00Z",
            "2025-00-01T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-04-31T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-16T24:00:00Z", "2025-01-16T15:60:00Z", "2025-01-16T15:30:61Z", "2025-01-16T15:30:00.Z",
            "2025-01-16T15:30:00+24:00", "2025-01-16T15:30:00+0100", "2025-01-16T15:30:00+01:60", " 2025-01-16T15:30:00Z",
            "2025-01-16T15:30:00Z ", "0000-01-01T00:00:00Z", "12025-01-16T15:30:00Z", "+025-01-16T15:30:00Z",
            "2025-01-16T15:30:00,5Z", "٢٠٢٥-01-16T15:30:00Z", "2025-01-16T15:30:00Z\u{0}", "2025-01-16T-5:30:00Z",
        ])
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "writes RFC 3339 in UTC, a fraction only when there is one",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1_737_041_400_250_000, "2025-01-16T15:30:00.25Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (.min, "0001-01-01T00:00:00Z"), (.max, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func writes(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test("what is written reads back the same, over all years")
    func roundTrip() {
        var microseconds: Int64 = -62_135_596_800_000_000
        while microseconds < 253_402_300_799_999_999 {
            let instant = Timestamp(microseconds: microseconds)
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
            // A step that is no multiple of a day, an hour or a second.
            microseconds += 86_400_000_000 * 97 + 12_345_678_901
        }
    }

    @Test("arithmetic ends at the ends of Int64 instead of trapping")
    func saturates() {
        let last = Timestamp(microseconds: .max)
        let first = Timestamp(microseconds: .min)
        #expect(last + .seconds(1) == last)
        #expect(first - .seconds(1) == first)
        #expect(first + .seconds(-1) == first)
        #expect(last - .seconds(-1) == last)
        #expect(Timestamp(seconds: .max) == last)
        #expect(Timestamp(seconds: .min) == first)
        #expect(last.since(first) == .microseconds(Int64.max))
        #expect(first.since(last) == .microseconds(Int64.min))
        #expect(Duration.seconds(Int64.max).wholeMicroseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMicroseconds == .min)
    }

    @Test("differences and sums")
    func arithmetic() {
        let instant = Timestamp(seconds: 1_000)
        #expect(instant + .milliseconds(1_500) == Timestamp(microseconds: 1_001_500_000))
        #expect(instant - .milliseconds(1_500) == Timestamp(microseconds: 998_500_000))
        #expect(Timestamp(seconds: 10).since(instant) == .seconds(-990))
        #expect(Timestamp(seconds: 10) < instant)
        #expect(Duration.nanoseconds(-1_999).wholeMicroseconds == -1)
        #expect(Duration.milliseconds(-1_500).inSeconds == -1.5)
    }
}
