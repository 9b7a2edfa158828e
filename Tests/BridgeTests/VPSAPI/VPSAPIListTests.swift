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
        (
            "a link with user information at our host",
            [page([1], count: 2, next: "https://u@admin.vps.org/api/v1/servers/?page=2")], [1], false, 1
        ),
        (
            "a link to a host that begins like ours",
            [page([1], count: 2, next: "https://admin.vps.org.evil.example/api/v1/servers/")], [1], false, 1
        ),
        ("a link with a fragment", [page([1], count: 2, next: "/api/v1/servers/?page=2#x")], [1], false, 1),
        ("a link with a backslash", [page([1], count: 2, next: #"https:\\\\evil.example/api/v1/servers/"#)], [1], false, 1),
        ("a link of another scheme", [page([1], count: 2, next: "file:///api/v1/servers/?page=2")], [1], false, 1),
        ("a link to a path below", [page([1], count: 2, next: "page2/")], [1], false, 1),
        ("a path that steps up, escaped", [page([1], count: 2, next: "/api/v1/servers/%2e%2e/servers/?page=2")], [1], false, 1),
        ("a path that steps up and down", [page([1], count: 2, next: "/api/v1/x/../servers/?page=2")], [1], false, 1),
        ("a path in capitals", [page([1], count: 2, next: "/API/v1/servers/?page=2")], [1], false, 1),
        ("a path without its slash", [page([1], count: 2, next: "/api/v1/servers?page=2")], [1], false, 1),
        ("an empty link", [page([1], count: 1, next: "")], [1], false, 1),
        ("a link that is no text", [#"{"count": 1, "next": 7, "results": [\#(entry(1))]}"#], [1], false, 1),
        (
            "a filter in the link is kept as written",
            [page([1], count: 2, next: "?status=active&page=2&x=%2F"), page([2], count: 2)], [1, 2], true, 2
        ),
        ("a count smaller than the results", [page([1, 2], count: 1)], [1, 2], false, 1),
        ("a negative count", [page([], count: -1)], [], false, 1),
        ("a count of 2^63 - 1", [page([1], count: Int.max)], [1], false, 1),
        ("a count beyond that", [#"{"count": 9223372036854775808, "results": [\#(entry(1))]}"#], [1], false, 1),
        ("a count with a fraction", [#"{"count": 1.5, "results": [\#(entry(1))]}"#], [1], false, 1),
        (
            "a server that went while the pages were read: the counts differ, and one was on no page",
            [page([1, 2], count: 4, next: "?page=2"), page([4], count: 3)], [1, 2, 4], false, 2
        ),
        (
            "a server that came while the pages were read",
            [page([1, 2], count: 3, next: "?page=2"), page([3, 4], count: 4)], [1, 2, 3, 4], false, 2
        ),
        (
            "a server on two pages, though the count is right",
            [page([1, 2], count: 3, next: "?page=2"), page([2, 3], count: 3)], [1, 2, 3], false, 2
        ),
        ("a server twice on one page", [page([1, 1], count: 1)], [1], false, 1),
        (
            "a last page that is empty and counts nothing",
            [page([1], count: 2, next: "?page=2"), page([], count: 0)], [1], false, 2
        ),
        (
            "one page that counts and one that does not", [page([1], count: 2, next: "?page=2"), page([2], count: nil)], [1, 2],
            false, 2
        ),
        (
            "a link that comes back by another way",
            [
                page([1], count: 9, next: "/api/v1/servers/?page=2"),
                page([2], count: 9, next: "https://admin.vps.org/api/v1/servers/?page=2"),
            ], [1, 2], false, 2
        ),
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

    @Test("a last page that is gone fails the listing, and does not end it")
    func pageGone() async throws {
        let transport = VPSAPIFakeTransport([
            .vpsAPIPage(page([1], count: 1, next: "?page=2")),
            .response(HTTPResponse(status: 404, body: Array(#"{"detail": "Invalid page."}"#.utf8))),
        ])
        await #expect(throws: APIError.self) { try await client(transport).list(status: nil, location: nil) }
    }

    @Test("a list that is none", arguments: ["[]", #"{"count": 0}"#, #"{"count": 0, "results": {}}"#, "<html>", "", "null"])
    func noList(body: String) async throws {
        let client = try client(VPSAPIFakeTransport(status: 200, body))
        do throws(APIError) {
            _ = try await client.list(status: nil, location: nil)
            Issue.record("\(body) was taken for a list")
        } catch {
            #expect(error.code == .invalidAnswer && error.certainty == .notExecuted)
        }
    }

    @Test("unknown fields of a list, of a page and of a server do no harm, and an unknown status is kept")
    func unknownFields() async throws {
        let body =
            #"{"count": 1, "page_size": 50, "links": {"next": "/x"}, "results": [{"id": 3, "name": "a", "status": "mending", "tags": []}]}"#
        let list = try await client(VPSAPIFakeTransport(status: 200, body)).list(status: nil, location: nil)
        #expect(list.isComplete && list.servers.first?.status.rawValue == "mending")
        #expect(list.servers.first?.raw["tags"] == [])
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
