import CurlTransport
import Testing

@Suite("CurlDriver: answers that dry up")
struct CurlTransportLowSpeedTests {
    private static func send(
        _ script: [CurlTransportServer.Step], totalTimeout: Duration
    ) async throws -> (outcome: HTTPOutcome, elapsed: Duration) {
        let server = try CurlTransportServer(script)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(lowSpeedSeconds: 1))
        let request = try HTTPRequest(method: .get, url: server.url, isReplayable: false, totalTimeout: totalTimeout)
        let start = ContinuousClock.now
        let outcome = await driver.send(request)
        let elapsed = ContinuousClock.now - start
        await driver.shutdown()
        return (outcome, elapsed)
    }

    @Test("an answer that stops half way ends after the low-speed time; one that has not begun may take its whole time")
    func stall() async throws {
        async let half = Self.send(
            [.read, .write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), .hold], totalTimeout: .seconds(60))
        async let none = Self.send([.read, .hold], totalTimeout: .milliseconds(4_000))
        guard case .maybeSent(let stalled) = try await half.outcome, case .maybeSent(let silent) = try await none.outcome else {
            Issue.record("neither has a response")
            return
        }
        #expect(stalled.code == .timeout && stalled.status == 200)
        #expect(try await half.elapsed < .seconds(40))
        #expect(silent.code == .timeout && silent.status == nil)
        #expect(try await none.elapsed >= .milliseconds(3_900))
    }
}
