import CurlTransport
import Model
import Testing

@Suite("HTTPRequest")
struct CurlTransportRequestTests {
    private static let urls: [(String, HTTPRequestError.Code)] = [
        ("", .urlScheme), ("admin.vps.org", .urlScheme), ("//admin.vps.org/", .urlScheme), ("file:///etc/passwd", .urlScheme),
        ("ftp://a/", .urlScheme), ("gopher://a/", .urlScheme), ("javascript:alert(1)", .urlScheme), ("https:/a", .urlScheme),
        ("http\u{212A}://a", .urlMalformed), (" https://a", .urlMalformed), ("https://", .urlHost), ("https:///path", .urlHost),
        ("https://?q", .urlHost), ("https://:443/", .urlHost), ("https://user@host/", .urlUserinfo),
        ("https://user:password@host/", .urlUserinfo), ("https://@host/", .urlUserinfo), ("https://a%40b@c/", .urlUserinfo),
        ("https://a\r\nX-Evil: 1/", .forbiddenByte), ("https://a/\n", .forbiddenByte), ("https://a/\r", .forbiddenByte),
        ("https://a/\0b", .forbiddenByte), ("https://a\0.example/", .forbiddenByte), ("https://a/b c", .urlMalformed),
        ("https://a/\u{E9}", .urlMalformed), ("https://b\u{FC}cher.example/", .urlMalformed), ("https://a\\@b/", .urlMalformed),
        ("https://a/#x", .urlMalformed), ("https://a/\t", .urlMalformed), ("https://a/\u{7F}", .urlMalformed),
        ("https://a%2eb/", .urlHost), ("https://a..b/", .urlHost), ("https://.a/", .urlHost), ("https://a./", .urlHost),
        ("https://a,b/", .urlHost), ("https://a;b/", .urlHost), ("https://[::1/", .urlHost), ("https://[]/", .urlHost),
        ("https://[a]/", .urlHost), ("https://[::1%25eth0]/", .urlHost), ("https://[::1]x/", .urlPort),
        ("https://::1/", .urlHost),
        ("https://a:000443/", .urlPort), ("https://a:443x/", .urlPort), ("https://a:0x1bb/", .urlPort),
        ("https://a:4.43/", .urlPort), ("https://a:\u{664}43/", .urlMalformed), ("https://[::1]:/", .urlPort),
        ("https://[::1]:0/", .urlPort),
        ("https://[::1]:65536/", .urlPort), ("https://a:18446744073709551617/", .urlPort), ("https://a: 80/", .urlMalformed),
        ("https://a/?q=\r\nX: y", .forbiddenByte), ("https://a/?q=\0", .forbiddenByte), ("https://a?\n", .forbiddenByte),
        ("\rhttps://a/", .forbiddenByte), ("https://a/\u{85}", .urlMalformed), ("https://a/\u{2028}", .urlMalformed),
        ("https://a/\u{B}", .urlMalformed), ("https://a/\u{C}", .urlMalformed), ("https://\t/", .urlMalformed),
        ("https://.", .urlHost),
        ("https://..", .urlHost), ("http://", .urlHost), ("http:///", .urlHost), ("http://:80", .urlHost),
        ("https://[", .urlHost),
        ("https://]/", .urlHost), ("https://[:::]/", .urlHost),
        ("https://[1:2]/", .urlHost), ("https://[12345::1]/", .urlHost), ("https://[::1.2.3]/", .urlHost),
        ("https://[1::2::3]/", .urlHost),
        ("https://[::ffff:1.2.3.256]/", .urlHost), ("https://[v1.a:b]/", .urlHost), ("https://[::1]]/", .urlPort),
        ("https://a]/", .urlHost), ("https://a[/", .urlHost),
        ("https://*/", .urlHost),
        ("https://a'b/", .urlHost), ("https://a\"b/", .urlHost), ("https://a{b}/", .urlHost), ("https://a|b/", .urlHost),
        ("https://$HOME/", .urlHost), ("https://a&b/", .urlHost), ("https://a=b/", .urlHost), ("https://a+b/", .urlHost),
        ("https://~/", .urlHost),
        ("httpss://a/", .urlScheme), ("http+unix://a/", .urlScheme), ("dict://a/", .urlScheme), ("ldap://a/", .urlScheme),
        ("smb://a/", .urlScheme), ("telnet://a/", .urlScheme), ("ws://a/", .urlScheme), ("wss://a/", .urlScheme),
        ("data:text/plain,x", .urlScheme),
        ("FILE:///etc/passwd", .urlScheme), ("https", .urlScheme), ("https:", .urlScheme), ("https:/", .urlScheme),
        ("://a/", .urlScheme),
        ("http\0://a/", .forbiddenByte), ("https//a/", .urlScheme),
        ("https://a:/", .urlPort), ("https://a:0/", .urlPort), ("https://a:65536/", .urlPort), ("https://a:99999999/", .urlPort),
        ("https://a:-1/", .urlPort), ("https://a:+80/", .urlPort), ("https://a:80:80/", .urlPort), ("https://a:8o/", .urlPort),
        ("https://" + String(repeating: "a", count: 254) + "/", .urlHost),
        ("https://a/" + String(repeating: "a", count: 8_200), .urlMalformed),
    ]

    @Test("a URL that may not reach libcurl", arguments: urls)
    func badURL(url: String, code: HTTPRequestError.Code) {
        let error = #expect(throws: HTTPRequestError.self) { try HTTPRequest(method: .get, url: url, isReplayable: true) }
        #expect(error?.code == code)
    }

    private static let goodURLs: [(String, origin: String, path: String)] = [
        ("https://admin.vps.org", "https://admin.vps.org:443", "/"),
        ("HTTPS://Admin.VPS.org:8443/a/../b?x=1&y=[2]", "https://admin.vps.org:8443", "/a/../b?x=1&y=[2]"),
        ("http://127.0.0.1:8080?q", "http://127.0.0.1:8080", "/?q"),
        ("http://[2001:DB8::1]:80/@x:y", "http://[2001:db8::1]:80", "/@x:y"),
        ("https://xn--bcher-kva.example/%C3%A9", "https://xn--bcher-kva.example:443", "/%C3%A9"),
        ("http://my_host-1/", "http://my_host-1:80", "/"), ("https://a:00443/", "https://a:443", "/"),
        ("https://a:65535", "https://a:65535", "/"), ("https://a:1/%0d%0a%00", "https://a:1", "/%0d%0a%00"),
    ]

    @Test("a URL that may", arguments: goodURLs)
    func goodURL(url: String, origin: String, path: String) throws {
        let request = try HTTPRequest(method: .get, url: url, isReplayable: true)
        #expect(request.url == url)
        #expect(request.target.origin == origin)
        #expect(request.target.pathAndQuery == path)
    }

    private static let headers: [(String, String, HTTPRequestError.Code)] = [
        ("X-A", "b\r\nX-Evil: 1", .forbiddenByte), ("X-A", "b\n", .forbiddenByte), ("X-A", "b\r", .forbiddenByte),
        ("X-A", "b\0c", .forbiddenByte), ("X-A\r\nX-Evil: 1", "b", .forbiddenByte), ("X-A\0", "b", .forbiddenByte),
        ("X-A", "\r\n\r\nGET / HTTP/1.1", .forbiddenByte), ("X-A", "b\r\n c", .forbiddenByte), ("X-A\n", "b", .forbiddenByte),
        ("X-A\r", "b", .forbiddenByte), ("\r\n", "b", .forbiddenByte), ("X-A", "\u{1}", .headerValue),
        ("X-A", "\u{8}", .headerValue),
        ("X-A", "\u{B}", .headerValue), ("X-A ", "b", .headerName), (" X-A", "b", .headerName), ("X-A\t", "b", .headerName),
        ("X;A", "b", .headerName), ("X(A)", "b", .headerName), ("X@A", "b", .headerName), ("TE", "trailers", .headerName),
        ("Trailer", "X", .headerName), ("Keep-Alive", "x", .headerName), ("proxy-connection", "x", .headerName),
        ("X-A", "b\u{1B}", .headerValue), ("X-A", "b\u{7F}", .headerValue), ("", "b", .headerName), ("X A", "b", .headerName),
        ("X-A:", "b", .headerName), ("X-\u{E9}", "b", .headerName), ("X\u{212A}", "b", .headerName),
        ("Host", "evil", .headerName),
        ("content-length", "0", .headerName), ("Transfer-Encoding", "chunked", .headerName), ("EXPECT", "x", .headerName),
        ("Connection", "close", .headerName), ("Upgrade", "h2c", .headerName), ("Proxy-Authorization", "x", .headerName),
        ("Authorization", "Basic x", .headerName), ("X-A", String(repeating: "b", count: 32_769), .limit),
    ]

    @Test("a header that may not reach libcurl", arguments: headers)
    func badHeader(name: String, value: String, code: HTTPRequestError.Code) {
        let error = #expect(throws: HTTPRequestError.self) {
            try HTTPRequest(method: .get, url: "https://a", headers: [(name, value)], bearer: Secret("t"), isReplayable: true)
        }
        #expect(error?.code == code)
        #expect(error.map { $0.description.utf8.contains(0x0A) } == false)
    }

    @Test("headers that may: tabs, empty values, bytes above 127, and Authorization without a token")
    func goodHeaders() throws {
        let request = try HTTPRequest(
            method: .get, url: "https://a",
            headers: [
                ("X-A", ""), ("X-B", "a\tb"), ("X-C", "\u{E9}"), ("Authorization", "Basic eA=="), ("X!#$%&'*+-.^_`|~9", "x"),
            ],
            isReplayable: true)
        #expect(request.headers.count == 5)
    }

    @Test("a token that no header may carry", arguments: ["", "a b", "a\n", "a\r\nX: y", "a\0", "\u{E9}"])
    func badToken(token: String) {
        let error = #expect(throws: HTTPRequestError.self) {
            try HTTPRequest(method: .get, url: "https://a", bearer: Secret(token), isReplayable: true)
        }
        #expect(error?.code == .bearer)
    }

    @Test("limits")
    func limits() {
        func code(
            _ total: Duration = .seconds(1), _ connect: Duration = .seconds(1), cap: Int = 0, body: Int? = nil,
            method: HTTPMethod = .post
        ) -> HTTPRequestError.Code? {
            do {
                _ = try HTTPRequest(
                    method: method, url: "https://a", body: body.map { [UInt8](repeating: 0, count: $0) }, isReplayable: true,
                    totalTimeout: total, connectTimeout: connect, maxResponseBytes: cap)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code() == nil)
        #expect(code(.milliseconds(1), .milliseconds(1), cap: 67_108_864, body: 1_048_576) == nil)
        #expect(code(.zero) == .limit)
        #expect(code(.seconds(1), .microseconds(999)) == .limit)
        #expect(code(.seconds(601)) == .limit)
        #expect(code(cap: -1) == .limit)
        #expect(code(cap: 67_108_865) == .limit)
        #expect(code(body: 1_048_577) == .body)
        #expect(code(body: 0, method: .head) == .body)
    }

    @Test("nothing secret is printed, dumped or interpolated")
    func printing() throws {
        let request = try HTTPRequest(
            method: .post, url: "https://hooks.example/services/SECRET?token=SECRET", headers: [("X-Key", "SECRET")],
            bearer: Secret("SECRET"), body: Array("SECRET".utf8), isReplayable: false)
        var dumped = ""
        dump(request, to: &dumped)
        dump(request.target, to: &dumped)
        let texts = [dumped, "\(request)", String(reflecting: request), "\(request.target)", String(reflecting: request.target)]
        for text in texts { #expect(!text.contains("SECRET")) }
        #expect("\(request)" == "POST https://hooks.example:443")
    }

    @Test("a transport error's message is short, printable and one line")
    func message() {
        let error = TransportError(.other, "a\r\nb\u{1B}\u{E9}" + String(repeating: "x", count: 500))
        #expect(error.message.utf8.count == 200)
        #expect(error.message.hasPrefix("a??b???x"))
        #expect("\(TransportError(.busy, ""))" == "busy")
    }
}
