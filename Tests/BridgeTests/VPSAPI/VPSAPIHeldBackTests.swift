import CurlTransport
import Model
import RuleTesting
import Testing
import VPSAPI

@Suite("VPSAPIClient: requests that are held back")
struct VPSAPIHeldBackTests {
    private static let id = ServerID(rawValue: 7)

    @Test("a request that the gate does not let out is not sent, certainly not executed, and says when to come again")
    func heldBack() async throws {
        let clock = ManualClock()
        let transport = VPSAPIFakeTransport(status: 503)
        let client = try VPSAPIClient(
            baseURL: "https://admin.vps.org", token: Secret("t"), transport: transport,
            upstream: Upstream(clock: clock, random: { 0.5 }))
        for _ in 0..<5 { await #expect(throws: APIError.self) { try await client.get(Self.id) } }
        do {
            _ = try await client.reboot(Self.id)
            Issue.record("it was let out")
        } catch {
            #expect(error.code == .heldBack && error.certainty == .notExecuted && error.heldBy == .breakerOpen)
            #expect(error.retryAfter == .seconds(30))
            #expect(error.detail == "not sent: breaker_open until \((clock.now() + .seconds(30)).rfc3339)")
        }
        #expect(transport.requests.count == 5)
        // Half-open: the list alone goes, and once.
        clock.advance(by: .seconds(30))
        await #expect(throws: APIError.self) { try await client.get(Self.id) }
        await #expect(throws: APIError.self) { try await client.start(Self.id) }
        #expect(transport.requests.count == 5)
        await #expect(throws: APIError.self) { try await client.list(status: nil, location: nil) }
        #expect(transport.requests.count == 6)
        #expect(client.upstream?.snapshot.breakers[.read] == .open)
    }
}
