import Model
import Rules
import Synchronization
import Webhooks

/// The rules that histories run, as the oracle knows them.
struct ProofRule: Sendable {
    let name: String
    /// `nil` for a person's command.
    let source: String?
    let problem: String
    let wait: Duration
    /// What it may ask for, in this order; `stop` and `start` together are one action.
    let cycles: Bool
    /// How long a rung has for its effect; `nil` for a person's command, which has one rung.
    var rung: Duration?
    /// How long after a run of another rule on its server it waits.
    var after: (rule: String, span: Duration)?

    static let all = [
        ProofRule(name: "host-down", source: "alertmanager", problem: "HostDown", wait: .zero, cycles: true, rung: .seconds(180)),
        ProofRule(
            name: "host-down-twice", source: "alertmanager", problem: "HostDown", wait: .zero, cycles: false, rung: .seconds(120)),
        ProofRule(
            name: "disk-hung", source: "alertmanager", problem: "DiskHung", wait: .seconds(120), cycles: true,
            rung: .seconds(180), after: (rule: "host-down", span: .seconds(3_600))),
        ProofRule(
            name: "host-down-backup", source: "backup", problem: "HostDown", wait: .zero, cycles: false, rung: .seconds(180)),
        ProofRule(name: "chat-reboot", source: nil, problem: "", wait: .zero, cycles: false),
        ProofRule(name: "chat-cycle", source: nil, problem: "", wait: .zero, cycles: true),
    ]

    static func named(_ name: String) -> ProofRule? { all.first { $0.name.utf8.elementsEqual(name.utf8) } }

    static let sources = [
        "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none),
        "backup": WebhookSource(name: "backup", kind: .alertmanager, authentication: .none),
        "slack": WebhookSource(name: "slack", kind: .slack, authentication: .none),
    ]

    static let text = """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when: ['event.labels.alertname == "HostDown"']
            target: event.labels.server
            autonomy: auto
            healthy_delay: 1m
            escalation:
              - {timeout: 3m, actions: [server.reboot]}
              - {timeout: 3m, actions: [server.power_cycle]}
              - actions: [{action: notify, with: {channel: oncall, text: down}}]
          - name: host-down-twice
            trigger: alertmanager
            when: ['event.labels.alertname == "HostDown"', 'event.labels.twice == "yes"']
            target: event.labels.server
            autonomy: auto
            healthy_delay: 1m
            escalation:
              - {timeout: 2m, actions: [server.reboot]}
          - name: disk-hung
            trigger: alertmanager
            when: ['event.labels.alertname == "DiskHung"']
            for: 2m
            target: event.labels.server
            autonomy: auto
            healthy_delay: 1m
            limits: {after: {host-down: 1h}}
            escalation:
              - {timeout: 3m, actions: [server.power_cycle]}
          - name: host-down-backup
            trigger: backup
            when: ['event.labels.alertname == "HostDown"']
            target: event.labels.server
            autonomy: auto
            healthy_delay: 1m
            escalation:
              - {timeout: 3m, actions: [server.reboot]}
          - name: chat-reboot
            trigger:
              source: slack
              command: vps reboot
              args: [{name: server, type: string, required: true, max_length: 63}]
            target: args.server
            autonomy: auto
            permissions: {users: [U012ABCDEF]}
            actions: [server.reboot]
          - name: chat-cycle
            trigger:
              source: slack
              command: vps cycle
              args: [{name: server, type: string, required: true, max_length: 63}]
            target: args.server
            autonomy: auto
            permissions: {users: [U012ABCDEF]}
            actions: [server.power_cycle]
        """

    /// Each text is read once: it is the same in every history.
    private static let sets = Mutex<[String: RuleSet]>([:])

    static func ruleSet(_ text: String) throws -> RuleSet {
        try sets.withLock { sets in
            if let known = sets[text] { return known }
            let load = RuleSet.load(
                [RuleSource(name: "proof.yaml", text: text)], revision: RuleSetRevision(rawValue: "proof"), sources: nil,
                kinds: ["alertmanager": .alertmanager, "backup": .alertmanager], floor: .none)
            guard let ruleSet = load.ruleSet else { throw ProofFailure("the rules can not be read: \(load.diagnostics)") }
            sets[text] = ruleSet
            return ruleSet
        }
    }
}
