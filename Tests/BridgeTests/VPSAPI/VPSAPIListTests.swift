import CurlTransport
import JSON
import Model
import Testing
import VPSAPI

private func client(_ transport: VPSAPIFakeTransport) throws -> VPSAPIClient {
    try VPSAPIClient(baseURL: "https://admin.vps.org", token: Secret("t"), transport: transport)
}

private func entry(_ id: Int) -> String { #"{"id": \#(id), "name": "web-\#(id)", "status": "active"}"# }

private func page(_ ids: [Int], count: Int?, next: String? = nil) -> String {
    let counted = count.map { #""count": \#($0), "# } ?? ""
    let linked = next.map { #""next": "\#($0)", "# } ?? ""
    return #"{\#(counted)\#(linked)"results": [\#(ids.map(entry).joined(separator: ", "))]}"#
}

@Suite("VPSAPIClient: listing")
struct VPSAPIListTests {
    private static let lists: [(String, [String], ids: [Int64], isComplete: Bool, requests: Int)] = [
        ("one page", [page([1, 2], count: 2)], [1, 2], true, 1),
        ("an empty account", [page([], count: 0)], [], true, 1),
        ("next is null", [#"{"count": 1, "next": null, "previous": null, "results": [\#(entry(1))]}"#], [1], true, 1),
        ("fewer than counted, and no next", [page([1], count: 2)], [1], false, 1),
        ("no count", [page([1], count: nil)], [1], false, 1),
        ("a count that is no number", [#"{"count": "1", "results": [\#(entry(1))]}"#], [1], false, 1),
        (
            "two pages by an absolute link",
            [page([1], count: 2, next: "https://admin.vps.org/api/v1/servers/?page=2"), page([2], count: 2)], [1, 2], true, 2
        ),
        ("two pages by a path", [page([1], count: 2, next: "/api/v1/servers/?page=2"), page([2], count: 2)], [1, 2], true, 2),
        ("two pages by a query", [page([1], count: 2, next: "?page=2"), page([2], count: 2)], [1, 2], true, 2),
        (
            "the port and the case of the host do not matter",
            [page([1], count: 2, next: "HTTPS://ADMIN.vps.org:443/api/v1/servers/?page=2"), page([2], count: 2)], [1, 2], true, 2
        ),
        (
            "an entry on two pages: the pages moved",
            [page([1, 2], count: 4, next: "?page=2"), page([2, 3], count: 4)], [1, 2, 3], false, 2
        ),
        ("a link to another host", [page([1], count: 2, next: "https://evil.example/api/v1/servers/?page=2")], [1], false, 1),
        ("a link to another port", [page([1], count: 2, next: "https://admin.vps.org:8443/api/v1/servers/")], [1], false, 1),
        ("a link without TLS", [page([1], count: 2, next: "http://admin.vps.org/api/v1/servers/?page=2")], [1], false, 1),
        (
            "a link with user information",
            [page([1], count: 2, next: "https://admin.vps.org@evil.example/api/v1/servers/")], [1], false, 1
        ),
        ("a link without scheme", [page([1], count: 2, next: "//evil.example/api/v1/servers/")], [1], false, 1),
        ("a link to another path", [page([1], count: 2, next: "/api/v1/servers/1/reboot/")], [1], false, 1),
        ("a link to a path that steps up", [page([1], count: 2, next: "/api/v1/servers/../x/")], [1], false, 1),
        ("a link with a line end", [page([1], count: 2, next: #"?page=2\r\nX: y"#)], [1], false, 1),
        ("a link to the same page", [page([1], count: 2, next: "/api/v1/servers/")], [1], false, 1),
        (
            "a circle of two pages",
            [page([1], count: 9, next: "?page=2"), page([2], count: 9, next: "?page=1"), page([1], count: 9, next: "?page=2")],
            [1, 2], false, 3
        ),
        (
            "an entry that is no server",
            [#"{"count": 2, "results": [\#(entry(1)), {"id": 2}]}"#], [1], false, 1
        ),
        ("an entry that is no object", [#"{"count": 2, "results": [7, \#(entry(1))]}"#], [1], false, 1),
    ]

    @Test("pages and links", arguments: lists)
    func list(scenario: String, pages: [String], ids: [Int64], isComplete: Bool, requests: Int) async throws {
        let transport = VPSAPIFakeTransport(pages.map { .vpsAPIPage($0) })
        let list = try await client(transport).list(status: nil, location: nil)
        #expect(list.servers.map(\.id.rawValue) == ids)
        #expect(list.isComplete == isComplete)
        #expect(transport.requests.count == requests)
        #expect(transport.requests.allSatisfy { $0.target.origin == "https://admin.vps.org:443" })
    }

    @Test("pages without end stop at 100")
    func endless() async throws {
        let pages = (1...150).map { HTTPOutcome.vpsAPIPage(page([$0], count: 1_000, next: "?page=\($0 + 1)")) }
        let transport = VPSAPIFakeTransport(pages)
        let list = try await client(transport).list(status: nil, location: nil)
        #expect(list.servers.count == 100 && !list.isComplete)
        #expect(transport.requests.count == 100)
    }

    @Test("a page that fails fails the listing")
    func failing() async throws {
        let transport = VPSAPIFakeTransport([
            .vpsAPIPage(page([1], count: 2, next: "?page=2")), .response(HTTPResponse(status: 500)),
        ])
        await #expect(throws: APIError(code: .serverError, certainty: .notExecuted, status: 500, detail: "")) {
            try await client(transport).list(status: nil, location: nil)
        }
    }

    @Test("a listing of 5000 servers")
    func large() async throws {
        let transport = VPSAPIFakeTransport(status: 200, page(Array(1...5_000), count: 5_000))
        let list = try await client(transport).list(status: nil, location: nil)
        #expect(list.servers.count == 5_000 && list.isComplete)
    }

    @Test("a server: known fields typed, unknown ones kept, null and odd ones nil")
    func decode() async throws {
        let body = """
            {"id": 7, "name": "web-7", "hostname": null, "status": "quarantined", "ip_address": null,
             "ipv6_address": "2001:db8::7",
             "location": "us-east", "plan": {"id": 2}, "created_at": "2025-01-16T15:30:00Z", "updated_at": "yesterday",
             "new": [1]}
            """
        let server = try await client(VPSAPIFakeTransport(status: 200, body)).get(ServerID(rawValue: 7))
        #expect(server.status == ServerStatus(rawValue: "quarantined"))
        #expect(server.hostname == nil && server.ipAddress == nil && server.ipv6Address == "2001:db8::7")
        #expect(server.location == "us-east")
        #expect(server.createdAt == Timestamp(rfc3339: "2025-01-16T15:30:00Z") && server.updatedAt == nil)
        #expect(server.raw["new"] == [1] && server.raw["plan"]?["id"] == 2)
    }

    @Test(
        "what is no server",
        arguments: [
            #"{"name": "a"}"#, #"{"id": 0, "name": "a"}"#, #"{"id": -1, "name": "a"}"#, #"{"id": "1", "name": "a"}"#,
            #"{"id": 1.0, "name": "a"}"#, #"{"id": 1}"#, #"{"id": 1, "name": ""}"#, #"{"id": 9223372036854775808, "name": "a"}"#,
        ])
    func noServer(text: String) throws {
        #expect(Server(json: try JSONValue.parse(Array(text.utf8))) == nil)
    }

    @Test("a missing status is no known one")
    func noStatus() throws {
        let server = Server(json: ["id": 1, "name": "a"])
        #expect(server?.status == ServerStatus(rawValue: "unknown"))
    }
}
