import Engine
import Model
import Rules
import Testing
import Webhooks

@testable import VPSBridge

@Suite("Configuration")
struct ConfigurationTests {
    @Test("secrets of rules are read from files, each under its own name")
    func secrets() throws {
        let load = ConfigurationFile.load(
            text: "version: 1\nsecrets: {TICKETS_file: tickets}", file: "/etc/vpsbridge/vpsbridge.yaml", environment: [:],
            readSecret: { path throws(UnreadableFile) in Secret("secret of \(path)") })
        let configuration = try #require(load.configuration, "\(load.diagnostics)")
        #expect(configuration.secrets.keys.sorted() == ["TICKETS"])
        #expect(configuration.secrets["TICKETS"]?.matches("secret of /etc/vpsbridge/tickets".utf8) == true)
        for wrong in ["{TICKETS: abc}", "{_file: a}", "{1A_file: a}", "{a b_file: a}", "[a]"] {
            let refused = ConfigurationFile.load(
                text: "version: 1\nsecrets: \(wrong)", file: "v.yaml", environment: [:],
                readSecret: { _ throws(UnreadableFile) in Secret("x") })
            #expect(refused.configuration == nil, "\(wrong)")
        }
    }

    static let full = """
        version: 1
        live: true
        listen: 0.0.0.0:9000
        admin: {listen: "[::1]:9001", bearer_file: admin}
        data: /var/lib/vpsbridge
        rules: rules.d
        api: {base_url: "http://127.0.0.1:9099", token_file: token}
        sources:
          alertmanager:
            kind: alertmanager
            auth: {bearer_file: [new, old]}
          ops-slack:
            kind: slack
            auth: {signing_secret_file: slack}
          scripts:
            kind: generic
            auth: {header: {name: X-Token, secret_file: script}}
            fields: {status: /type, fingerprint: /title}
          legacy:
            kind: generic
            auth: {basic: {user: ann, password_file: pass}}
        limits:
          cooldown: 1h
          settle: 30s
          budgets: [{max: 2, per: 12h}]
          fleet_budgets: [{max: 5, per: 1h}]
          max_concurrent: 3
          max_event_age: 10m
        protected: [db-*, 12346]
        aliases: {web: 12345}
        channels:
          oncall: {kind: webhook, url: "https://chat.example.com/hooks/1"}
        shutdown_grace: 20s
        """

    static func load(_ text: String, environment: [String: String] = [:], missing: Set<String> = []) -> ConfigurationFile.Load {
        ConfigurationFile.load(text: text, file: "/etc/vpsbridge/vpsbridge.yaml", environment: environment) {
            path throws(UnreadableFile) in
            if missing.contains(path) { throw UnreadableFile(path: path, reason: "the file can not be read") }
            return Secret("secret-of-\(path)")
        }
    }

    @Test("every key is read, and relative paths begin at the file's folder")
    func everyKey() throws {
        let load = Self.load(Self.full)
        #expect(load.diagnostics.isEmpty && load.problems.isEmpty)
        let configuration = try #require(load.configuration)
        #expect(configuration.live)
        #expect(configuration.listen == BridgeConfiguration.Address(host: "0.0.0.0", port: 9000))
        #expect(configuration.admin == BridgeConfiguration.Address(host: "::1", port: 9001))
        #expect(configuration.adminTokens.count == 1)
        #expect(configuration.dataFolder == "/var/lib/vpsbridge")
        #expect(configuration.rulesFolder == "/etc/vpsbridge/rules.d")
        #expect(configuration.api.token?.matches("secret-of-/etc/vpsbridge/token".utf8) == true)
        #expect(configuration.sources.keys.sorted() == ["alertmanager", "legacy", "ops-slack", "scripts"])
        #expect(configuration.sources["alertmanager"]?.authentication.secrets.count == 2)
        #expect(configuration.sources["scripts"]?.generic.status == "/type")
        #expect(
            configuration.limits
                == Limits(
                    cooldown: .seconds(3_600), budgets: [Budget(max: 2, per: .seconds(43_200))],
                    fleetBudgets: [Budget(max: 5, per: .seconds(3_600))], maxConcurrent: 3, maxEventAge: .seconds(600),
                    settle: .seconds(30)))
        #expect(configuration.protected == ["db-*", "12346"])
        #expect(configuration.aliases == ["web": ServerID(rawValue: 12345)])
        #expect(configuration.channels.keys.sorted() == ["oncall"])
        #expect(configuration.shutdownGrace == .seconds(20))
    }

    @Test("an empty configuration is safe: loopback, not live, nobody may speak, and the floor holds")
    func empty() throws {
        let configuration = try #require(Self.load("").configuration)
        #expect(!configuration.live)
        #expect(configuration.listen.host == "127.0.0.1")
        #expect(configuration.sources.isEmpty)
        #expect(configuration.limits == Limits())
        #expect(configuration.limits.cooldown == .seconds(1_800))
        #expect(configuration.limits.budgets == [Budget(max: 3, per: .seconds(86_400))])
    }

    @Test(
        "what is wrong is said with its place and a way to mend it",
        arguments: [
            ("lve: true", "did you mean `live`"), ("live: yes", "write `true`"), ("listen: 8080", "`listen`"),
            ("listen: localhost", "HOST:PORT"), ("listen: \"localhost:99999\"", "HOST:PORT"),
            ("limits: {cooldown: 30}", "did you mean `30s`"), ("limits: {budgets: []}", "bound nothing"),
            ("limits: {max_concurrent: 0}", "1 to"), ("sources: {a/b: {kind: generic, auth: none}}", "can not stand in a path"),
            ("sources: {a: {kind: grafana, auth: none}}", "can not be `grafana`"),
            ("sources: {a: {kind: alertmanager}}", "bearer_file"),
            ("sources: {a: {kind: slack, auth: none}}", "signing_secret_file"),
            ("sources: {a: {kind: alertmanager, auth: {}}}", "exactly one"),
            ("sources: {a: {kind: alertmanager, auth: {bearer_file: x, basic: {}}}}", "exactly one"),
            ("sources: {a: {kind: generic, auth: none, fields: {status: type}}}", "JSON pointer"),
            ("sources: {a: {kind: alertmanager, auth: none, fields: {}}}", "only for sources of kind"),
            ("aliases: {web: many}", "whole number"), ("channels: {a: {kind: webhook}}", "either `url` or `url_file`"),
            ("channels: {a: {kind: pager, url: x}}", "can not be `pager`"),
        ])
    func wrong(text: String, said: String) {
        let load = Self.load(text)
        #expect(load.configuration == nil)
        let rendered = load.diagnostics.rendered
        #expect(rendered.contains(said), "\(rendered)")
        #expect(rendered.contains("vpsbridge.yaml:1:"))
    }

    @Test("all mistakes are found in one pass")
    func allAtOnce() {
        let load = Self.load("live: 1\nlisten: x\nlimits: {settle: -1s}\nprotect: []")
        #expect(Set(load.diagnostics.map(\.line)) == [1, 2, 3, 4])
    }

    @Test("a secret file that can not be read is named, its content never")
    func unreadableSecret() {
        let load = Self.load("api: {token_file: token}", missing: ["/etc/vpsbridge/token"])
        #expect(load.configuration == nil)
        #expect(load.diagnostics.rendered.contains("/etc/vpsbridge/token"))
        #expect(!"\(load)".contains("secret-of"))
    }

    @Test("the environment goes before the file, and says what is wrong with it")
    func environment() throws {
        let good = Self.load(
            "live: true",
            environment: [
                "VPSBRIDGE_LIVE": "false", "VPSBRIDGE_LISTEN": "0.0.0.0:8080", "VPSBRIDGE_DATA": "/data",
                "VPSBRIDGE_RULES": "/rules", "VPSBRIDGE_API_TOKEN_FILE": "/run/secrets/token", "VPSBRIDGE_API_BASE_URL": "",
            ])
        let configuration = try #require(good.configuration)
        #expect(!configuration.live)
        #expect(configuration.listen == BridgeConfiguration.Address(host: "0.0.0.0", port: 8080))
        #expect(configuration.dataFolder == "/data")
        #expect(configuration.rulesFolder == "/rules")
        #expect(configuration.api.token != nil)
        #expect(configuration.api.baseURL == "https://admin.vps.org")
        let bad = Self.load(
            "",
            environment: [
                "VPSBRIDGE_LIVE": "on", "VPSBRIDGE_LISTEN": "8080", "VPSBRIDGE_API_TOKEN": "t", "VPSBRIDGE_API_TOKEN_FILE": "f",
            ])
        #expect(bad.configuration == nil)
        #expect(bad.problems.count == 3)
    }

    @Test("a source without an API token to act with is refused")
    func noToken() {
        let load = Self.load("sources: {a: {kind: alertmanager, auth: none}}")
        #expect(load.configuration == nil)
        #expect(load.problems.first?.contains("token_file") == true)
    }

    @Test("a token that no request can carry is refused at the start, and not shown", arguments: ["a b", "a\nb", "é"])
    func unusableToken(token: String) {
        let load = Self.load("", environment: ["VPSBRIDGE_API_TOKEN": token])
        #expect(load.configuration == nil)
        #expect(load.problems.count == 1 && load.problems[0].contains("API token") && !load.problems[0].contains(token))
    }

    @Test(
        "addresses",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:8080", "::1", 8080), ("localhost:0", "localhost", 0),
        ])
    func addresses(text: String, host: String, port: Int) {
        #expect(AddressText.parse(text) == BridgeConfiguration.Address(host: host, port: port))
    }

    @Test("no address", arguments: ["", ":80", "host", "host:", "host:+80", "host:80a", "::1:80", "host:65536"])
    func noAddress(text: String) {
        #expect(AddressText.parse(text) == nil)
    }
}
