import Testing

@testable import Engine

@Suite("Engine: keys that are missing")
struct EngineMissingKeyTests {
    @Test("a rule that only ever misses a key is told in the log, once, after a hundred events, with the name it may mean")
    func silentRule() async throws {
        let fixture = try EngineFixture(
            rules: EngineFixture.hostDown.replacing("event.labels.alertname ==", with: "event.labels.alertnam =="))
        for number in 0..<99 { try await fixture.alert("firing", server: "web-\(number)") }
        #expect(fixture.log.lines.isEmpty)
        for number in 99..<250 { try await fixture.alert("firing", server: "web-\(number)") }
        #expect(
            fixture.log.lines == [
                [
                    "message":
                        "rule `host-down` can not match: `event.labels.alertnam` was missing in all 100 events so far",
                    "near": "`alertname`",
                ]
            ])
    }
}
