import CurlTransport
import Model
import Testing

@Suite("Retry-After, HTTP dates and delays")
struct CurlTransportPolicyTests {
    private static let dates: [(String, String?)] = [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"), ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"), ("sun, 06 nov 1994 08:49:37 gmt", "1994-11-06T08:49:37Z"),
        ("Saturday, 06-Nov-69 08:49:37 GMT", "2069-11-06T08:49:37Z"), ("Tue, 29 Feb 2028 23:59:60 GMT", "2028-03-01T00:00:00Z"),
        ("Mon, 29 Feb 2027 00:00:00 GMT", nil), ("Sun, 06 Nov 1994 08:49:37", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
        ("Sun, 06 Nov 1994 08:49:37 GMT+1", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("Sun, 32 Nov 1994 08:49:37 GMT", nil),
        ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 19945 08:49:37 GMT", nil), ("Sun, 06 Nov 194 08:49:37 GMT", nil),
        ("Sun, -6 Nov 1994 8:49:37 GMT", nil), ("1994-11-06T08:49:37Z", nil), ("", nil),
        (String(repeating: "a ", count: 60), nil),
    ]

    @Test("HTTP dates", arguments: dates)
    func date(text: String, expected: String?) {
        #expect(HTTPDate.parse(text)?.rfc3339 == expected)
    }

    private static let now = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let waits: [(String, String?, Int64?)] = [
        ("0", nil, 0), ("7", nil, 7), ("300", nil, 300), ("301", nil, 300), ("99999999999999999999999", nil, 300),
        ("007", nil, 7),
        ("Sun, 06 Nov 1994 08:50:37 GMT", now, 60), ("Sun, 06 Nov 1994 08:49:37 GMT", now, 0),
        ("Sun, 06 Nov 1994 08:49:36 GMT", now, 0), ("Fri, 31 Dec 9999 23:59:59 GMT", now, 300),
        ("Mon, 01 Jan 0001 00:00:00 GMT", now, 0), ("Sun, 06 Nov 1994 08:50:37 GMT", nil, nil),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "junk", nil), ("-1", nil, nil), ("+1", nil, nil), ("1.5", nil, nil), ("1s", nil, nil),
        (" 1", nil, nil), ("", nil, nil), ("\u{0661}", nil, nil), ("soon", now, nil),
    ]

    @Test("Retry-After", arguments: waits)
    func retryAfter(value: String, date: String?, seconds: Int64?) {
        #expect(RetryAfter.parse(value: value, date: date) == seconds.map { .seconds($0) })
        let response = HTTPResponse(status: 429, headers: [("retry-after", value)] + (date.map { [("DATE", $0)] } ?? []))
        #expect(response.retryAfter == seconds.map { .seconds($0) })
    }

    @Test("without Date a date is read against the clock that the caller has")
    func retryAfterWithClock() {
        let now = Timestamp(rfc3339: "1994-11-06T08:49:37Z")
        #expect(RetryAfter.parse(value: "Sun, 06 Nov 1994 08:50:37 GMT", date: nil, now: now) == .seconds(60))
    }

    @Test("ceilings double from 2 s to 300 s")
    func ceilings() {
        let policy = RetryPolicy()
        let halves = (1...10).map { policy.delay(attempt: $0, retryAfter: nil, random: 0.5) }
        #expect(halves == [1, 2, 4, 8, 16, 32, 64, 128, 150, 150].map { .seconds($0) })
        #expect(policy.delay(attempt: .max, retryAfter: nil, random: 0.5) == .seconds(150))
        #expect(policy.delay(attempt: 0, retryAfter: nil, random: 0.5) == .seconds(1))
        #expect(policy.delay(attempt: .min + 1, retryAfter: nil, random: 0.5) == .seconds(1))
    }

    @Test("the delay is between zero and the ceiling whatever the randomness")
    func bounds() {
        let policy = RetryPolicy()
        for random in [-1, 0, 0.25, 0.999, 1, 2, .infinity, -.infinity, .nan] {
            let delay = policy.delay(attempt: 3, retryAfter: nil, random: random)
            #expect(delay >= .zero && delay <= .seconds(8))
        }
    }

    @Test("never earlier than the server asks, never later than the cap")
    func serverAsks() {
        let policy = RetryPolicy()
        #expect(policy.delay(attempt: 1, retryAfter: .seconds(30), random: 0.9) == .seconds(30))
        #expect(policy.delay(attempt: 9, retryAfter: .seconds(30), random: 0.5) == .seconds(150))
        #expect(policy.delay(attempt: 1, retryAfter: .seconds(9_999), random: 0) == .seconds(300))
        #expect(policy.delay(attempt: 1, retryAfter: .seconds(-9), random: 0) == .zero)
    }

    @Test("a policy of zero or less waits not at all, and ends")
    func degenerate() {
        #expect(RetryPolicy(base: .zero).delay(attempt: .max, retryAfter: nil, random: 0.9) == .zero)
        #expect(
            RetryPolicy(base: .seconds(-2), cap: .seconds(-1)).delay(attempt: 5, retryAfter: .seconds(5), random: 0.9) == .zero)
    }
}
