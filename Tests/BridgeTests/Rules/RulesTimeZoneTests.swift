import Model
import Testing

@testable import Rules

@Suite("rules: time zones")
struct RulesTimeZoneTests {
    private static let berlin = RulesFiles.bytes("/usr/share/zoneinfo/Europe/Berlin")

    @Test(
        "the rule for the future",
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3_600),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7_200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7_200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3_600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39_600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36_000),
            ("<+0545>-5:45", "2026-07-01T00:00:00Z", 20_700), ("EST5EDT,M3.2.0,M11.1.0", "2026-07-01T00:00:00Z", -14_400),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-07-01T00:00:00Z", -3_600), ("XXX0YYY,J60,J300", "2024-02-29T12:00:00Z", 0),
            ("XXX0YYY,J60,J300", "2024-03-01T12:00:00Z", 3_600), ("XXX0YYY,59,300", "2024-02-29T12:00:00Z", 3_600),
        ])
    func future(_ text: String, _ instant: String, _ offset: Int) throws {
        let rule = try #require(TimeZoneFuture(Array(text.utf8)))
        #expect(rule.offset(at: try #require(CELTimestamp(text: instant)).seconds) == offset)
    }

    @Test(
        "texts that are no rule",
        arguments: ["", "A1", "CET", "CET-1CEST,M13.1.0,M1.1.0", "CET-25", "CET-1CEST,M3.5.0", "CET-1x"])
    func noRule(_ text: String) {
        #expect(TimeZoneFuture(Array(text.utf8)) == nil)
    }

    @Test("a zone file, cut or changed anywhere, is read or refused", .enabled(if: berlin != nil, "the machine has no zone data"))
    func hostileFiles() throws {
        let bytes = try #require(Self.berlin)
        let zone = try #require(TimeZoneRules(tzif: bytes))
        #expect(zone.offset(at: 0) == 3_600)
        #expect(zone.offset(at: 1_782_864_000) == 7_200)
        #expect(zone.offset(at: -62_135_596_800) == 3_208)
        for length in stride(from: 0, to: bytes.count, by: 7) { #expect(TimeZoneRules(tzif: Array(bytes[..<length])) == nil) }
        var random = RulesRandom(seed: 3)
        for _ in 0..<500 {
            var changed = bytes
            changed[random.below(changed.count)] = UInt8(random.below(256))
            _ = TimeZoneRules(tzif: changed)?.offset(at: Int64(random.below(4_000_000_000)))
        }
    }

    @Test("zones are asked for by safe names, once, and only those that a rule names")
    func loading() throws {
        func load(_ zone: String) -> ([DiagnosticCode], asked: [String]) {
            var asked: [String] = []
            let hour = "event.received_at.getHours(\"\(zone)\")"
            let text = RulesFixture.alertRule("when: '\(hour) >= 7 && \(hour) < 20'")
            let load = RuleSet.load(
                [RuleSource(name: "f", text: text)], revision: RuleSetRevision(rawValue: "r"), sources: nil, floor: Limits(),
                zoneData: { name in
                    asked.append(name)
                    return name == "Europe/Berlin" ? Self.berlin : nil
                })
            return (load.diagnostics.map(\.code), asked)
        }
        if Self.berlin != nil { #expect(load("Europe/Berlin") == ([], ["Europe/Berlin"])) }
        #expect(load("+02:00") == ([], []))
        #expect(load("UTC") == ([], []))
        #expect(load("Mars/Base") == ([.badConstant, .badConstant], ["Mars/Base", "Mars/Base"]))
        for name in ["../../etc/passwd", "/etc/passwd", "Europe//Berlin", "a b", "", "a\u{0}b", "x/../y", "."] {
            #expect(load(name).asked.isEmpty, "\(name)")
        }
    }
}
