import CurlTransport
import Engine
import Model
import Rules
import Testing

@testable import VPSBridge

@Suite("Outbound configuration")
struct ConfigurationOutboundTests {
    private static let firstPin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    private static let secondPin = "sha256//BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
    private static let password = "canary-3e9c"

    private static func load(
        _ text: String, environment: [String: String] = [:], wrongCAFiles: Set<String> = []
    ) -> ConfigurationFile.Load {
        ConfigurationFile.load(
            text: text, file: "/etc/vpsbridge/vpsbridge.yaml", environment: environment,
            readSecret: { _ throws(UnreadableFile) in Secret("https://chat.example.com/\(password)") },
            caFault: { wrongCAFiles.contains($0) ? "no certificate in it: \($0)" : nil })
    }

    @Test("proxies, CA files, pins and limits of the API and of the rest are read, each for its own")
    func everyKey() throws {
        let load = Self.load(
            """
            api:
              base_url: https://api.example.com
              proxy: http://proxy.example.com:3128
              ca_file: ca.pem
              pinned_keys: ["\(Self.firstPin)", "\(Self.secondPin)"]
              rate_limit: {per_second: 2, burst: 3}
              max_in_flight: {reads: 2, mutations: 1}
            outbound: {proxy: "http://PROXY", ca_file: /etc/ssl/other.pem}
            """)
        let configuration = try #require(load.configuration, "\(load.diagnostics.rendered)")
        #expect(configuration.api.baseURL == "https://api.example.com")
        #expect(configuration.api.proxy == "http://proxy.example.com:3128")
        #expect(configuration.api.caFile == "/etc/vpsbridge/ca.pem")
        #expect(configuration.api.pins == [PublicKeyPin(Self.firstPin), PublicKeyPin(Self.secondPin)].compactMap(\.self))
        #expect(configuration.api.limits == GateLimits(rate: 2, burst: 3, reads: 2, mutations: 1))
        // The port is written out: libcurl would take 1080.
        #expect(configuration.outbound.proxy == "http://proxy:80")
        #expect(configuration.outbound.caFile == "/etc/ssl/other.pem")
    }

    @Test("without them there is no proxy, no pin, the system's CA and the usual limits")
    func defaults() throws {
        let configuration = try #require(Self.load("").configuration)
        #expect(configuration.api.proxy == nil && configuration.api.caFile == nil && configuration.api.pins.isEmpty)
        #expect(configuration.outbound.proxy == nil && configuration.outbound.caFile == nil)
        #expect(configuration.api.limits == GateLimits(rate: 5, burst: 10, reads: 4, mutations: 4))
    }

    @Test(
        "what is wrong is said with its place and a way to mend it",
        arguments: [
            ("api: {proxy: \"socks5://h:1\"}", "http://HOST:PORT"), ("api: {proxy: \"https://h:1\"}", "plain http"),
            ("api: {proxy: \"h:1\"}", "http://HOST:PORT"), ("api: {proxy: \"http://h:0\"}", "port"),
            ("api: {proxy: \"http://h/x\"}", "no path"), ("outbound: {proxy: [a]}", "a text, not a list"),
            ("outbound: {proxi: \"http://h\"}", "did you mean `proxy`"), ("outbound: []", "`outbound`"),
            ("api: {ca_file: wrong.pem}", "no certificate in it: /etc/vpsbridge/wrong.pem"),
            ("outbound: {ca_file: wrong.pem}", "`outbound.ca_file`: no certificate in it: /etc/vpsbridge/wrong.pem"),
            ("api: {pinned_keys: [sha256//short]}", "`api.pinned_keys`"), ("api: {pinned_keys: []}", "would pin nothing"),
            ("api: {pinned_keys: sha256//x}", "a list"), ("api: {rate_limit: 5}", "`api.rate_limit`"),
            ("api: {rate_limit: {per_second: 0}}", "1 to 100"), ("api: {rate_limit: {burst: -1}}", "1 to 1000"),
            ("api: {max_in_flight: {reads: 0}}", "1 to 32"), ("api: {max_in_flight: {mutations: 33}}", "1 to 32"),
            ("api: {base_url: \"ftp://h\"}", "https://"), ("api: {base_url: \"https://h/api\"}", "has a path"),
            ("channels: {a: {kind: webhook, url: \"chat.example.com\"}}", "https://"),
        ])
    func wrong(text: String, said: String) {
        let load = Self.load(text, wrongCAFiles: ["/etc/vpsbridge/wrong.pem"])
        #expect(load.configuration == nil)
        let rendered = load.diagnostics.rendered
        #expect(rendered.contains(said), "\(rendered)")
        #expect(rendered.contains("vpsbridge.yaml:1:"))
    }

    @Test("all mistakes of both sections are found in one pass")
    func allAtOnce() {
        let load = Self.load(
            "api:\n  proxy: x\n  ca_file: wrong.pem\n  pinned_keys: [x]\noutbound:\n  proxy: y\n  ca_file: wrong.pem",
            wrongCAFiles: ["/etc/vpsbridge/wrong.pem"])
        #expect(Set(load.diagnostics.map(\.line)) == [2, 3, 4, 6, 7])
    }

    @Test(
        "a password in an address is refused, with a hint, and shown nowhere",
        arguments: [
            "api: {proxy: \"http://ann:\(password)@h:1\"}", "outbound: {proxy: \"http://ann:\(password)@h:1\", ca_file: x}",
            "api: {base_url: \"https://ann:\(password)@h\"}",
            "channels: {a: {kind: webhook, url: \"https://ann:\(password)@chat.example.com\"}}",
        ])
    func userInformation(text: String) {
        let load = Self.load(text)
        #expect(load.configuration == nil)
        let rendered = load.diagnostics.rendered
        #expect(rendered.contains("user name or password") && !rendered.contains(Self.password), "\(rendered)")
        #expect(load.diagnostics.allSatisfy { !$0.sourceLine.contains(Self.password) })
    }

    @Test("the environment sets proxies and CA files, and its mistakes show no value")
    func environment() throws {
        let good = Self.load(
            "api: {proxy: \"http://a:1\"}",
            environment: [
                "VPSBRIDGE_API_PROXY": "http://b:2", "VPSBRIDGE_API_CA_FILE": "/ca", "VPSBRIDGE_OUTBOUND_PROXY": "http://c:3",
                "VPSBRIDGE_OUTBOUND_CA_FILE": "/cb",
            ])
        let configuration = try #require(good.configuration)
        #expect(configuration.api.proxy == "http://b:2" && configuration.api.caFile == "/ca")
        #expect(configuration.outbound.proxy == "http://c:3" && configuration.outbound.caFile == "/cb")
        let bad = Self.load(
            "",
            environment: [
                "VPSBRIDGE_API_PROXY": "http://u:\(Self.password)@b:2", "VPSBRIDGE_API_CA_FILE": "/wrong",
                "VPSBRIDGE_OUTBOUND_PROXY": "\(Self.password)", "VPSBRIDGE_OUTBOUND_CA_FILE": "/wrong",
                "VPSBRIDGE_API_BASE_URL": "https://u:\(Self.password)@h",
            ], wrongCAFiles: ["/wrong"])
        #expect(bad.configuration == nil)
        #expect(bad.problems.count == 5, "\(bad.problems)")
        #expect(!"\(bad.problems)".contains(Self.password))
        #expect(bad.problems.contains { $0.contains("VPSBRIDGE_API_CA_FILE: no certificate in it: /wrong") })
    }
}
