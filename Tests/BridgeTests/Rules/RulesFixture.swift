import JSON
import Model

@testable import Rules

/// Events, servers and rule sets that the tests of rules share.
enum RulesFixture {
    static let now = Timestamp(seconds: 1_795_286_400)

    static func load(
        _ text: String, file: String = "rules/web.yaml", sources: Set<String>? = nil, secrets: Set<String>? = nil,
        floor: Limits = Limits()
    ) -> RuleSetLoad {
        RuleSet.load(
            [RuleSource(name: file, text: text)], revision: RuleSetRevision(rawValue: "r1"), sources: sources, secrets: secrets,
            floor: floor)
    }

    /// A rule file with one complete alert rule; `lines` replace the lines that begin with the same key, or are added.
    static func alertRule(_ lines: String...) -> String { alertRule(lines: lines) }

    static func alertRule(lines: [String]) -> String {
        var keys: [(key: String, text: String)] = [
            ("name", "name: host-down"), ("trigger", "trigger: alertmanager"),
            ("when", "when: event.labels.severity == \"critical\""),
            ("target", "target: event.labels.instance"), ("autonomy", "autonomy: auto"), ("actions", "actions: [server.reboot]"),
        ]
        for line in lines {
            let key = String(line.prefix { $0 != ":" })
            keys.removeAll { $0.key == key || (key == "escalation" && $0.key == "actions") }
            if !line.hasSuffix(": -") { keys.append((key, line)) }
        }
        let body = keys.map {
            "    " + $0.text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ")
        }
        return "version: 1\nrules:\n  -\n" + body.joined(separator: "\n") + "\n"
    }

    static func alert(
        _ labels: [String: String], annotations: [String: String] = [:], source: String = "alertmanager",
        status: Event.Status = .problem, payload: JSONValue = .null
    ) -> Event {
        Event(
            source: source, status: status, fingerprint: "f1", labels: labels, annotations: annotations,
            startsAt: Timestamp(seconds: 1_795_286_000), receivedAt: now, payload: payload)
    }

    static func command(_ text: String, name: String = "vps", user: String = "U012ABCDEF", channel: String = "C0OPS") -> Event {
        Event(
            source: "slack", status: .command, fingerprint: "c1", receivedAt: now,
            command: ChatCommand(
                name: name, text: text, userID: user, userName: "steve", channelID: channel, teamID: "T1", responseURL: nil))
    }

    static let server = Server(
        id: ServerID(rawValue: 12_345), name: "web-01", hostname: "web-01.example.com", status: .active, ipAddress: "192.0.2.7",
        location: "us-west", createdAt: Timestamp(seconds: 1_795_000_000),
        raw: [
            "id": 12345, "name": "web-01", "status": "active", "ip_address": nil, "plan": ["id": 1, "name": "Basic"],
            "created_at": "2026-11-18T11:06:40Z", "updated_at": "2026-11-18T11:06:40Z",
        ])

    /// The events of an Alertmanager body, read here as its documentation describes the format.
    static func alertmanagerEvents(_ bytes: [UInt8]) throws -> [Event] {
        let body = try JSONValue.parse(bytes)
        return (body["alerts"]?.arrayValue ?? []).map { alert in
            func texts(_ key: String) -> [String: String] {
                var texts: [String: String] = [:]
                for member in alert[key]?.objectValue?.members ?? [] { texts[member.name] = member.value.stringValue }
                return texts
            }
            return Event(
                source: "alertmanager", status: alert["status"]?.stringValue == "firing" ? .problem : .resolved,
                fingerprint: alert["fingerprint"]?.stringValue ?? "", labels: texts("labels"), annotations: texts("annotations"),
                startsAt: alert["startsAt"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }, receivedAt: now, payload: alert)
        }
    }
}
