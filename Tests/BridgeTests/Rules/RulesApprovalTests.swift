import Model
import Testing

@testable import Rules

@Suite("rules: who decides")
struct RulesApprovalTests {
    private static let command =
        "trigger:\n  source: slack\n  command: vps reboot\n  args: [{name: server, type: string, required: true}]"
    private static let permitted = "permissions: {users: [U012ABCDEF]}"
    private static let approval = "approval: {approvers: [U1, 'slack:U2'], required: 2, via: ops}"

    @Test(
        "a rule that does not say who decides asks people, save for a command that somebody permitted typed",
        arguments: [
            (["autonomy: -"], Autonomy.approve), (["autonomy: -", approval], .approve), (["autonomy: auto"], .auto),
            (["autonomy: observe", approval], .observe),
            (["autonomy: -", "actions: [{action: notify, with: {channel: ops, text: hello}}]"], .auto),
            (["autonomy: -", command, permitted, "when: -", "target: args.server"], .auto),
            (["autonomy: -", command, permitted, "when: -", "target: args.server", approval], .approve),
            (["autonomy: approve", command, permitted, "when: -", "target: args.server"], .approve),
        ])
    func standard(lines: [String], expected: Autonomy) throws {
        let rule = try #require(Self.load(lines).ruleSet?.rules.first, "\(Self.load(lines).diagnostics.rendered)")
        #expect(rule.autonomy == expected)
        if lines.contains(Self.approval) {
            #expect(rule.approval.approvers.users == ["U1", "slack:U2"])
            #expect(rule.approval.required == 2 && rule.approval.via == "ops" && !rule.approval.allowsSelfApproval)
            #expect(rule.approval.timeout == .seconds(1_800))
        }
    }

    @Test("a rule that acts by itself and names approvers is refused: it would ask nobody")
    func contradiction() {
        let load = Self.load(["autonomy: auto", Self.approval])
        #expect(load.ruleSet == nil && load.diagnostics.map(\.code) == [.badApproval])
    }

    @Test("the words by which people answer are no rule's", arguments: ["approve", "deny", "approve server"])
    func reserved(words: String) {
        let trigger = Self.command.replacing("reboot", with: words)
        let load = Self.load(["autonomy: -", trigger, Self.permitted, "when: -", "target: args.server"])
        #expect(load.ruleSet == nil && load.diagnostics.contains { $0.code == .badCommand })
    }

    private static func load(_ lines: [String]) -> RuleSetLoad {
        var text = RulesFixture.alertRule()
        for line in lines {
            let key = String(line.prefix { $0 != ":" })
            var kept: [Substring] = []
            var isLeft = false
            for old in text.split(separator: "\n", omittingEmptySubsequences: false) {
                if old.hasPrefix("    ") && !old.hasPrefix("     ") { isLeft = old.hasPrefix("    \(key):") }
                if !isLeft || !old.hasPrefix("    ") { kept.append(old) }
            }
            text = kept.joined(separator: "\n")
            if !line.hasSuffix(": -") { text += "    " + line.replacing("\n", with: "\n    ") + "\n" }
        }
        return RulesFixture.load(text, sources: ["alertmanager", "slack"])
    }
}
