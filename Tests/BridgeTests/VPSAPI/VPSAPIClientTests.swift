import CurlTransport
import JSON
import Model
import Testing
import VPSAPI

private let token = Secret("vps_0123456789abcdef")
private let server =
    #"{"id": 12345, "name": "web-1", "hostname": "web-1.example.com", "status": "active", "ip_address": "192.0.2.1"}"#
private let powered =
    #"{"status": "success", "message": "Server is rebooting", "server": {"id": 12345, "name": "web-1", "status": "rebooting"}}"#

private func client(_ transport: VPSAPIFakeTransport) throws -> VPSAPIClient {
    try VPSAPIClient(baseURL: "https://admin.vps.org", token: token, transport: transport)
}

/// The nine operations, by name, without their results.
private let operations: [(name: String, changes: Bool, call: @Sendable (VPSAPIClient) async throws(APIError) -> Void)] = [
    ("list", false, { client async throws(APIError) in _ = try await client.list(status: nil, location: nil) }),
    ("get", false, { client async throws(APIError) in _ = try await client.get(ServerID(rawValue: 12_345)) }),
    ("create", true, { client async throws(APIError) in _ = try await client.create(creation) }),
    ("replace", true, { client async throws(APIError) in _ = try await client.replace(ServerID(rawValue: 12_345), replacement) }),
    (
        "update", true,
        { client async throws(APIError) in _ = try await client.update(ServerID(rawValue: 12_345), UpdateServer(name: "web-2")) }
    ),
    ("delete", true, { client async throws(APIError) in try await client.delete(ServerID(rawValue: 12_345)) }),
    ("start", true, { client async throws(APIError) in _ = try await client.start(ServerID(rawValue: 12_345)) }),
    ("stop", true, { client async throws(APIError) in _ = try await client.stop(ServerID(rawValue: 12_345)) }),
    ("reboot", true, { client async throws(APIError) in _ = try await client.reboot(ServerID(rawValue: 12_345)) }),
]
private let creation = CreateServer(name: "web-7", planID: 2, osID: 5, location: "us-east")
private let replacement = ReplaceServer(name: "web-2", hostname: "web-2.example.com", backupsEnabled: true)

private func failure(_ index: Int, _ transport: VPSAPIFakeTransport) async throws -> APIError? {
    let client = try client(transport)
    do {
        try await operations[index].call(client)
        return nil
    } catch {
        return error
    }
}

@Suite("VPSAPIClient: what is sent")
struct VPSAPIRequestTests {
    private static let sent: [(index: Int, line: String, body: String?, isReplayable: Bool, seconds: Int64, answer: String)] = [
        (0, "GET https://admin.vps.org:443/api/v1/servers/", nil, true, 30, #"{"count": 1, "results": [\#(server)]}"#),
        (1, "GET https://admin.vps.org:443/api/v1/servers/12345/", nil, true, 30, server),
        (
            2, "POST https://admin.vps.org:443/api/v1/servers/",
            #"{"name":"web-7","plan_id":2,"os_id":5,"location":"us-east","backups_enabled":false}"#, false, 60, server
        ),
        (
            3, "PUT https://admin.vps.org:443/api/v1/servers/12345/",
            #"{"name":"web-2","hostname":"web-2.example.com","backups_enabled":true}"#, false, 30, server
        ),
        (4, "PATCH https://admin.vps.org:443/api/v1/servers/12345/", #"{"name":"web-2"}"#, false, 30, server),
        (5, "DELETE https://admin.vps.org:443/api/v1/servers/12345/", nil, false, 30, ""),
        (6, "POST https://admin.vps.org:443/api/v1/servers/12345/start/", nil, false, 30, powered),
        (7, "POST https://admin.vps.org:443/api/v1/servers/12345/stop/", nil, false, 30, powered),
        (8, "POST https://admin.vps.org:443/api/v1/servers/12345/reboot/", nil, false, 30, powered),
    ]

    @Test("method, path, body, headers and limits of each operation", arguments: sent)
    func request(
        index: Int, line: String, body: String?, isReplayable: Bool, seconds: Int64, answer: String
    ) async throws {
        let transport = VPSAPIFakeTransport(status: 200, answer)
        #expect(try await failure(index, transport) == nil)
        let request = try #require(transport.requests.first)
        #expect(transport.requests.count == 1)
        #expect("\(request.method.rawValue) \(request.url)" == line)
        #expect(request.body.map { String(decoding: $0, as: UTF8.self) } == body)
        #expect(request.headers.map { "\($0.0): \($0.1)" } == ["Content-Type: application/json", "Accept: application/json"])
        #expect(request.bearer?.matches(token.reveal()) == true)
        #expect(request.isReplayable == isReplayable)
        #expect(request.totalTimeout == .seconds(seconds))
        #expect(request.connectTimeout == .seconds(5))
        #expect(!request.target.pathAndQuery.isEmpty)
    }

    @Test("optional fields of create and update")
    func fields() async throws {
        let transport = VPSAPIFakeTransport(status: 200, server)
        let client = try client(transport)
        _ = try await client.create(
            CreateServer(
                name: "a", planID: 1, osID: 2, location: "x\"y", hostname: "a.b", sshKeyID: 9, backupsEnabled: true))
        _ = try await client.update(ServerID(rawValue: 12_345), UpdateServer(hostname: "c.d", backupsEnabled: false))
        let bodies = transport.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) }
        #expect(
            bodies == [
                #"{"name":"a","plan_id":1,"os_id":2,"location":"x\"y","hostname":"a.b","ssh_key_id":9,"backups_enabled":true}"#,
                #"{"hostname":"c.d","backups_enabled":false}"#,
            ])
    }

    @Test(
        "a name that the API does not allow is not sent",
        arguments: ["", "web 1", "web.1", "web_1", "w\u{E9}b", "\u{212A}elvin", "a/b", "a\n"])
    func badName(name: String) async throws {
        let transport = VPSAPIFakeTransport(status: 201, server)
        let client = try client(transport)
        await #expect(throws: APIError.self) {
            try await client.create(CreateServer(name: name, planID: 1, osID: 2, location: "x"))
        }
        #expect(transport.requests.isEmpty)
    }

    @Test("filters are percent-encoded by bytes")
    func filters() async throws {
        let transport = VPSAPIFakeTransport(status: 200, #"{"count": 0, "results": []}"#)
        let client = try client(transport)
        _ = try await client.list(status: .active, location: "a b&status=x/\u{E9}\r\n")
        #expect(
            transport.requests.map(\.target.pathAndQuery)
                == ["/api/v1/servers/?status=active&location=a%20b%26status%3Dx%2F%C3%A9%0D%0A"])
    }

    @Test(
        "a base URL or a token that can not be used is refused at start",
        arguments: [
            ("https://admin.vps.org/api", "t"), ("https://admin.vps.org?x", "t"), ("https://u:p@admin.vps.org", "t"),
            ("ftp://admin.vps.org", "t"), ("admin.vps.org", "t"), ("https://", "t"), ("https://admin.vps.org", ""),
            ("https://admin.vps.org", "line\n"), ("https://admin.vps.org", "a\r\nX: y"),
        ])
    func badStart(url: String, token: String) {
        #expect(throws: HTTPRequestError.self) {
            try VPSAPIClient(baseURL: url, token: Secret(token), transport: VPSAPIFakeTransport(status: 200))
        }
    }

    @Test("a base URL may have a port, a closing slash and plain http")
    func goodStart() async throws {
        let transport = VPSAPIFakeTransport(status: 204)
        for url in ["https://admin.vps.org/", "http://127.0.0.1:8080"] {
            try await VPSAPIClient(baseURL: url, token: token, transport: transport).delete(ServerID(rawValue: 1))
        }
        #expect(
            transport.requests.map(\.url)
                == ["https://admin.vps.org:443/api/v1/servers/1/", "http://127.0.0.1:8080/api/v1/servers/1/"])
    }
}

@Suite("VPSAPIClient: what an outcome means")
struct VPSAPIOutcomeTests {
    private static let statuses: [(Int, APIError.Code, APIError.Certainty)] = [
        (400, .badRequest, .notExecuted), (401, .unauthorized, .notExecuted), (402, .paymentRequired, .notExecuted),
        (403, .forbidden, .notExecuted), (404, .notFound, .notExecuted), (405, .unexpectedStatus, .notExecuted),
        (408, .serverError, .unknown), (409, .conflict, .unknown), (418, .unexpectedStatus, .unknown),
        (422, .unexpectedStatus, .notExecuted), (425, .rateLimited, .notExecuted), (429, .rateLimited, .notExecuted),
        (499, .unexpectedStatus, .unknown), (500, .serverError, .unknown), (502, .serverError, .unknown),
        (503, .serverError, .unknown), (504, .serverError, .unknown), (599, .serverError, .unknown),
        (301, .redirected, .notExecuted), (302, .redirected, .unknown), (303, .redirected, .unknown),
        (304, .redirected, .unknown), (307, .redirected, .notExecuted), (308, .redirected, .notExecuted),
        (600, .unexpectedStatus, .unknown), (999, .unexpectedStatus, .unknown),
    ]

    @Test("every status, for every operation", arguments: statuses)
    func status(status: Int, code: APIError.Code, certainty: APIError.Certainty) async throws {
        for index in operations.indices {
            let transport = VPSAPIFakeTransport(status: status, "{\"detail\": \"no\"}", headers: [("Retry-After", "7")])
            let error = try #require(try await failure(index, transport))
            #expect(error.code == code)
            #expect(error.certainty == (operations[index].changes ? certainty : .notExecuted), "\(operations[index].name)")
            #expect(error.status == status)
            #expect(error.retryAfter == .seconds(7))
            #expect(error.detail == "{\"detail\": \"no\"}")
            #expect(transport.requests.count == 1)
        }
    }

    @Test("not sent and maybe sent")
    func transport() async throws {
        for index in operations.indices {
            let notSent = VPSAPIFakeTransport([.notSent(TransportError(.resolve, "no host"))])
            let first = try #require(try await failure(index, notSent))
            #expect(first.code == .notSent && first.certainty == .notExecuted && first.transport == .resolve)
            #expect(first.detail == "resolve: no host")
            let maybeSent = VPSAPIFakeTransport([.maybeSent(TransportError(.timeout, ""))])
            let second = try #require(try await failure(index, maybeSent))
            #expect(second.code == .outcomeUnknown && second.transport == .timeout)
            #expect(second.certainty == (operations[index].changes ? .unknown : .notExecuted))
        }
    }

    @Test("a status whose body broke off still says what the server did")
    func cutBody() async throws {
        for index in operations.indices {
            let refused = VPSAPIFakeTransport([.maybeSent(TransportError(.reset, "cut", status: 400))])
            let first = try #require(try await failure(index, refused))
            #expect(first.code == .badRequest && first.certainty == .notExecuted && first.status == 400)
            let taken = VPSAPIFakeTransport([.maybeSent(TransportError(.tooLarge, "cut", status: 200))])
            let second = try await failure(index, taken)
            switch operations[index].name {
            case "delete", "start", "stop", "reboot": #expect(second == nil)
            default:
                #expect(second?.code == .outcomeUnknown)
                #expect(second?.certainty == (operations[index].changes ? .unknown : .notExecuted))
            }
        }
    }

    @Test(
        "a 2xx with a body that can not be read",
        arguments: [
            "", "<html>", "[]", "{}", "null", #"{"id": "x", "name": 1}"#, #"{"id": 1, "id": 2, "name": "a"}"#, "\u{FEFF}{}",
        ])
    func unreadable(body: String) async throws {
        for index in operations.indices {
            let error = try await failure(index, VPSAPIFakeTransport(status: 200, body))
            switch operations[index].name {
            // The order was taken: to say otherwise would make it be given twice.
            case "delete", "start", "stop", "reboot": #expect(error == nil)
            default:
                #expect(error?.code == .invalidAnswer)
                #expect(error?.certainty == (operations[index].changes ? .unknown : .notExecuted))
            }
        }
    }

    @Test("an answer about another server is no answer")
    func otherServer() async throws {
        let other = #"{"id": 12346, "name": "web-1", "status": "active"}"#
        for index in [1, 3, 4] {
            #expect(try await failure(index, VPSAPIFakeTransport(status: 200, other))?.code == .invalidAnswer)
        }
        let answer = #"{"message": "ok", "server": {"id": 12346, "status": "rebooting"}}"#
        let client = try client(VPSAPIFakeTransport(status: 200, answer))
        #expect(try await client.reboot(ServerID(rawValue: 12_345)) == PowerAnswer(message: "ok", status: nil))
    }

    @Test("power answers")
    func power() async throws {
        let cases: [(String, PowerAnswer)] = [
            (powered, PowerAnswer(message: "Server is rebooting", status: .rebooting)),
            (#"{"message": "a\u0000\nb"}"#, PowerAnswer(message: "a\u{FFFD} b", status: nil)),
            (#"{"message": 1, "server": []}"#, PowerAnswer(message: nil, status: nil)),
        ]
        for (body, expected) in cases {
            let client = try client(VPSAPIFakeTransport(status: 200, body))
            #expect(try await client.reboot(ServerID(rawValue: 12_345)) == expected)
        }
    }

    @Test("a redirect names the host it points to, and nothing more of the link")
    func redirect() async throws {
        let cases = [
            ("https://login.example/x?session=1", "https://login.example:443"), ("/elsewhere", "another path"),
        ]
        for (location, shown) in cases {
            let error = try await failure(1, VPSAPIFakeTransport(status: 302, headers: [("location", location)]))
            #expect(error?.detail == "the API answers with a redirect to \(shown): check the base URL")
        }
    }

    @Test("the detail is the first 500 bytes made printable, without the token")
    func detail() async throws {
        let long = String(repeating: "\u{E9}", count: 400)
        let cases: [(String, String)] = [
            ("", ""), ("plain", "plain"), ("a\r\nb\tc\u{1B}[31m", "a  b c\u{FFFD}[31m"),
            ("x\u{202E}y\u{2028}z", "x\u{FFFD}y\u{FFFD}z"), (long, String(repeating: "\u{E9}", count: 250)),
            ("a" + long, "a" + String(repeating: "\u{E9}", count: 249)),
            ("Bearer vps_0123456789abcdef!", "Bearer <redacted>!"),
            (String(repeating: "-", count: 490) + "vps_0123456789abcdef", String(repeating: "-", count: 490) + "<redacted>"),
        ]
        for (body, expected) in cases {
            let error = try #require(try await failure(1, VPSAPIFakeTransport(status: 500, body)))
            #expect(error.detail == expected)
            #expect(!"\(error)".contains("0123456789abcdef"))
        }
    }

    @Test("a detail of bytes that are not UTF-8 is cut all the same")
    func garbage() async throws {
        let body = [UInt8](repeating: 0x80, count: 5_000)
        let error = try await failure(1, VPSAPIFakeTransport([.response(HTTPResponse(status: 500, body: body))]))
        #expect((490...500).contains(error?.detail.unicodeScalars.count ?? 0))
    }
}
