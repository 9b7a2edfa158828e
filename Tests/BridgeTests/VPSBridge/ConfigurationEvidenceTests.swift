import Engine
import Model
import Rules
import Testing

@testable import VPSBridge

@Suite("Configuration: pull and groups of people")
struct ConfigurationEvidenceTests {
    private func load(_ source: String, _ more: String = "") -> ConfigurationFile.Load {
        ConfigurationFile.load(
            text: "version: 1\napi: {token_file: t}\nsources: {\(source)}\n\(more)", file: "v.yaml", environment: [:],
            readSecret: { path throws(UnreadableFile) in Secret("secret-of-\(path)") })
    }

    private func pull(_ text: String) -> ConfigurationFile.Load {
        load("am: {kind: alertmanager, auth: none, pull: \(text)}")
    }

    @Test("where Alertmanager is asked, and how")
    func endpoints() throws {
        let plain = try #require(pull("{url: 'http://am:9093/prefix/'}").configuration)
        #expect(plain.pulls["am"]?.url == "http://am:9093/prefix")
        let bearer = try #require(pull("{url: 'https://am', bearer_file: token}").configuration)
        guard case .bearer(let token) = bearer.pulls["am"]?.authentication else { return #expect(Bool(false)) }
        #expect(token.matches("secret-of-./token".utf8))
        let basic = try #require(pull("{url: 'https://am', basic: {user: ann, password_file: p}}").configuration)
        guard case .basic("ann", _) = basic.pulls["am"]?.authentication else { return #expect(Bool(false)) }
    }

    @Test(
        "what can not be asked is an error",
        arguments: [
            "{}", "{url: am}", "{url: 'ftp://am'}", "{url: 'http://am/?a=b'}", "{url: 'http://u:p@am'}",
            "{url: 'http://am', token: a}",
            "{url: 'http://am', bearer_file: a, basic: {user: u, password_file: p}}",
            "{url: 'http://am', basic: {user: 'a:b', password_file: p}}",
        ])
    func wrong(_ text: String) {
        let refused = pull(text)
        #expect(refused.configuration == nil, "\(text)")
        #expect(!refused.diagnostics.rendered.contains("u:p@"))
    }

    @Test("only Alertmanager can be asked, and no source is called schedule")
    func sources() {
        #expect(load("a: {kind: generic, auth: none, pull: {url: 'http://am'}}").configuration == nil)
        let reserved = load("schedule: {kind: generic, auth: none}")
        #expect(reserved.configuration == nil)
        #expect(reserved.diagnostics.rendered.contains("the instants of schedules come under that name"))
    }

    @Test("groups of people")
    func groups() throws {
        let source = "am: {kind: alertmanager, auth: none}"
        let configuration = try #require(load(source, "people: {groups: {oncall: [U1, U2], none: []}}").configuration)
        #expect(configuration.groups == ["oncall": ["U1", "U2"], "none": []])
        #expect(load(source, "people: {groups: [U1]}").configuration == nil)
        #expect(load(source, "people: {groups: {On Call: [U1]}}").configuration == nil)
        #expect(load(source, "people: {users: [U1]}").configuration == nil)
    }
}
