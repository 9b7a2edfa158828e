import CurlTransport
import Model
import Testing

@testable import VPSAPI

/// The lines that people are shown are the requests that are sent.
@Suite("VPSAPI: request lines")
struct VPSAPIRequestLineTests {
    @Test("every operation sends the request that its line names", arguments: Operation.allCases)
    func lines(operation: Operation) async throws {
        let transport = VPSAPIFakeTransport(status: 500)
        let client = try VPSAPIClient(baseURL: "https://admin.vps.org", token: Secret("t"), transport: transport)
        let id = ServerID(rawValue: 12_345)
        do {
            switch operation {
            case .list: _ = try await client.list(status: nil, location: nil)
            case .get: _ = try await client.get(id)
            case .create: _ = try await client.create(CreateServer(name: "a", planID: 1, osID: 1, location: "x"))
            case .replace: _ = try await client.replace(id, ReplaceServer(name: "a", hostname: "b", backupsEnabled: false))
            case .update: _ = try await client.update(id, UpdateServer(name: "a"))
            case .delete: try await client.delete(id)
            case .start: _ = try await client.start(id)
            case .stop: _ = try await client.stop(id)
            case .reboot: _ = try await client.reboot(id)
            }
        } catch {
            // The answer does not matter here.
        }
        let request = try #require(transport.requests.first)
        #expect(
            "\(request.method.rawValue) \(request.url)"
                == operation.requestLine(server: "12345").replacing(" ", with: " https://admin.vps.org:443"))
    }
}
