import Model
import Testing

@testable import Rules

/// What documents say about rule files is true.
@Suite("rules: documents and known examples")
struct RulesDocumentTests {
    private static let kinds: [String: SourceKindName] = [
        "alertmanager": .alertmanager, "slack": .slack, "grafana": .generic, "uptime-kuma": .generic,
    ]

    private func load(_ text: String) -> RuleSetLoad {
        RuleSet.load(
            [RuleSource(name: "f.yaml", text: text)], revision: RuleSetRevision(rawValue: "r"), sources: Set(Self.kinds.keys),
            kinds: Self.kinds, secrets: ["TICKETS_TOKEN"], floor: Limits())
    }

    private var page: String { RulesFiles.text(RulesFiles.root + "/docs/rules.md") ?? "" }

    @Test("every rule file of docs/rules.md loads without a finding")
    func samples() {
        let blocks = page.split(separator: "```yaml\n").dropFirst().map { $0.split(separator: "\n```")[0] }
        #expect(blocks.count >= 4)
        for block in blocks { #expect(load(String(block) + "\n").diagnostics.rendered == "", "\(block)") }
    }

    @Test("docs/rules.md names every key, every action and every function that rules can call")
    func complete() {
        let words = page
        for table in RuleTables.all {
            for key in table.keyNames
            where !words.contains("`\(key)`") && !words.contains("\(key):") && !words.contains(".\(key)`") {
                Issue.record("\(table.name).\(key) is not described")
            }
        }
        for action in ActionName.allCases { #expect(words.contains("`\(action.rawValue)`"), "\(action.rawValue)") }
    }

    @Test("the example of the design loads as it stands")
    func design() throws {
        let text = """
            version: 1
            rules:
              - name: host-down
                trigger: alertmanager                  # a configured source's name, else a kind
                when:                                  # CEL, all must hold; a missing key = no match, counted and shown
                  - event.labels.alertname == "HostDown"
                  - event.labels.severity == "critical"
                for: 2m                                # counts from receipt; a resolve or healthy evidence inside cancels
                target: event.labels.instance          # CEL; must name exactly one server
                when_server: [server.status == "active"]   # CEL, read once the server is known, before the first rung
                probe: {tcp: 22}                       # optional own evidence, from the bridge (tcp or http)
                autonomy: auto                         # observe | approve (default) | auto
                escalation:                            # next rung when the effect was not seen within `timeout`
                  - {timeout: 10m, actions: [server.reboot]}
                  - {timeout: 15m, actions: [server.power_cycle]}
                  - {actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]}

            """
        let loaded = load(text)
        #expect(loaded.diagnostics.rendered == "")
        let rule = try #require(loaded.ruleSet?.rules.first)
        #expect(rule.rungs.map(\.action) == [.reboot, .powerCycle, nil])
        #expect(rule.rungs.map(\.notifications.count) == [0, 0, 1])
    }

    @Test("rules that scale out, scale in, answer a chat, ask people and open a ticket load")
    func examples() {
        #expect(load(Self.exampleRules).diagnostics.rendered == "")
    }

    @Test("a rule that makes a new server in place of an ill one and then deletes that")
    func rebuild() {
        let text = """
            version: 1
            rules:
              - name: replace-corrupt-server
                trigger: alertmanager
                when: event.labels.alertname == "FilesystemCorrupt"
                target: event.labels.server
                approval: {approvers: [U1, U2], required: 2, timeout: 30m, via: ops, message: "Rebuild ${{ server.name }}?"}
                limits: {cooldown: 24h}
                escalation:
                  - timeout: 20m
                    actions:
                      - action: server.create
                        with:
                          name: ${{ server.name }}-r${{ event.received_at.getDayOfYear() }}
                          plan_id: ${{ server.plan.id }}
                          os_id: ${{ server.os.id }}
                          location: ${{ string(server.location) }}
                  - actions: [server.delete]

            """
        #expect(load(text).diagnostics.rendered == "")
    }

    private static let exampleRules = """
        version: 1
        vars:
          pool: web
        rules:
          - name: scale-up-web
            trigger: grafana
            when:
              - event.labels.alertname == "PoolHighCPU"
              - event.labels.pool == vars.pool
              - double(event.labels.?cpu.orValue("0")) > 85.0
            group_by: event.labels.pool
            fleet: {select: 'server.name.startsWith(vars.pool + "-")'}
            limits: {cooldown: 30m, budgets: [{max: 3, per: 24h}]}
            autonomy: auto
            actions:
              - id: scale
                action: fleet.scale
                wait_for: {status: active, timeout: 10m}
                with:
                  min: 2
                  max: 6
                  delta: 1
                  template:
                    name: ${{ vars.pool }}-${{ slot }}
                    plan_id: 2
                    os_id: 5
                    location: us-west
                    hostname: ${{ vars.pool }}-${{ slot }}.example.com
                    ssh_key_id: 7
                    backups_enabled: false
              - action: notify
                with:
                  channel: ops
                  text: 'pool ${{ vars.pool }}: ${{ steps.scale.before }} -> ${{ steps.scale.after }} servers'
          - name: scale-down-web
            trigger: grafana
            when:
              - event.labels.alertname == "PoolLowCPU"
              - event.received_at.getHours("+02:00") >= 7 && event.received_at.getHours("+02:00") < 20
            for: 30m
            group_by: event.labels.pool
            fleet: {select: 'server.name.startsWith(vars.pool + "-")', delete: bridge-created}
            autonomy: auto
            actions:
              - action: fleet.scale
                with:
                  min: 2
                  max: 6
                  delta: -1
                  victim: newest
                  drain:
                    action: http.request
                    with: {method: POST, url: "https://lb.example.com/pools/${{ vars.pool }}/drain/${{ victim.name }}"}
          - name: chat-reboot
            trigger:
              command: vps reboot
              args:
                - {name: server, required: true, pattern: '^[a-z0-9][a-z0-9.-]{0,62}$'}
                - {name: reason, required: true, max_length: 200}
                - {name: force, type: bool, default: false}
            permissions: {users: [U012ABCDEF], channels: [C0OPS]}
            target: args.server
            when_server:
              - args.force || server.status == "active"
              - args.force || !server.name.startsWith("db-")
            limits: {budgets: {max: 2, per: 1h}}
            actions: [server.reboot]
            reply: {accepted: 'rebooting ${{ args.server }} (${{ args.reason }})'}
          - name: ticket-cert-expiry
            trigger: uptime-kuma
            when: |
              event.payload.monitor.?expiryNotification.orValue(false) &&
              event.payload.msg.matches("(?i)certificate .* will expire in [0-9]+ days?")
            limits: {cooldown: 24h}
            autonomy: auto
            actions:
              - action: http.request
                expect: {status: [200, 201, 409]}
                timeout: 10s
                retry: {attempts: 4, initial_delay: 1s, max_delay: 30s, statuses: [429, 500, 502, 503, 504]}
                with:
                  method: POST
                  url: https://tickets.example.com/api/issues
                  headers:
                    Authorization: Bearer ${{ secrets.TICKETS_TOKEN }}
                    Idempotency-Key: ${{ event.fingerprint }}
                  json:
                    title: 'Certificate: ${{ event.payload.monitor.name }}'
                    body: ${{ event.payload.msg }}
                    monitor_id: ${{ event.payload.monitor.id }}
                    labels: '${{ ["tls", event.payload.monitor.?type.orValue("http")] }}'

        """
}
