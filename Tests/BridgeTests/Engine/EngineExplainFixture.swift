import JSON
import Model
import Rules
import Testing
import VPSAPI
import Webhooks

@testable import Engine

/// Bodies and rules for what explains.
enum EngineExplainFixture {
    static let rules = """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when:
              - event.labels.alertname == "HostDown"
              - event.labels.severity == "critical"
            for: 2m
            target: event.labels.server
            when_server: server.status == "active"
            autonomy: auto
            escalation:
              - timeout: 10m
                actions: [server.power_cycle, {action: notify, with: {channel: ops, text: "${{ server.name }} was cycled"}}]
              - {actions: [{action: notify, with: {channel: oncall, text: "help"}}]}
          - name: chat
            trigger: {source: slack, command: vps reboot, args: [{name: server, type: string, required: true}]}
            target: args.server
            autonomy: auto
            permissions: {users: [U1]}
            actions: [server.reboot]
        """

    static let alertmanager = WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none)
    static let slack = WebhookSource(name: "slack", kind: .slack, authentication: .none)
    static let now = Timestamp(seconds: 1_795_286_400)

    static func ruleSet(_ text: String = rules, revision: String = "r1") throws -> RuleSet {
        let load = RuleSet.load(
            [RuleSource(name: "rules.yaml", text: text)], revision: RuleSetRevision(rawValue: revision), sources: nil,
            floor: Limits())
        return try #require(load.ruleSet, "\(load.diagnostics)")
    }

    static func body(_ labels: JSONValue..., status: String = "firing") -> [UInt8] {
        let alerts = labels.enumerated().map { index, labels -> JSONValue in
            [
                "status": .string(status), "labels": labels, "annotations": [:], "startsAt": "2026-11-21T10:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z", "fingerprint": .string("f\(index)"), "generatorURL": "",
            ]
        }
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": .string(status), "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": .array(alerts),
        ]
        return body.serialized()
    }

    static let hostDown: JSONValue = ["alertname": "HostDown", "severity": "critical", "server": "web-01"]

    static func trial(
        _ body: [UInt8], source: WebhookSource = alertmanager, fleet: [Server]? = nil,
        settings: EngineSettings = EngineSettings(live: true),
        rules: String = rules
    ) throws -> RuleTrial {
        let planner = RulePlanner(settings: settings, resolver: ServerResolver(aliases: [:]), fleet: fleet)
        let type = source.kind == .slack ? "application/x-www-form-urlencoded" : "application/json"
        return try RuleTrial.run(
            WebhookRequest(headers: [], contentType: type, body: body, receivedAt: now), source: source,
            reporter: EventReporter(ruleSet: ruleSet(rules), planner: planner))
    }

    static func server(_ id: Int64, _ name: String, status: ServerStatus = .active) -> Server {
        Server(id: ServerID(rawValue: id), name: name, status: status)
    }
}
