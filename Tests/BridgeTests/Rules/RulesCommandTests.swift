import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: commands")
struct RulesCommandTests {
    private static func rule() throws -> Rule {
        let text = """
            version: 1
            rules:
              - name: chat
                trigger:
                  source: slack
                  command: /vps reboot
                  args:
                    - {name: server, required: true, max_length: 12}
                    - {name: count, type: int, default: 2}
                    - {name: note}
                    - {name: force, type: bool}
                permissions: {users: [U012ABCDEF, 42]}
                when: args.count < 10
                target: args.server
                autonomy: auto
                actions: [server.reboot]
            """
        let load = RulesFixture.load(text)
        return try #require(load.ruleSet?.rules.first, "\(load.diagnostics.rendered)")
    }

    private static func outcome(_ text: String, name: String = "vps") throws -> String {
        let command = try #require(RulesFixture.command(text, name: name).command)
        switch try rule().matchCommand(command) {
        case .notThis: return "not this"
        case .bad(let message): return message
        case .matched(let args):
            return try args.sorted { $0.key < $1.key }.map { "\($0.key)=\(try CELLibrary.text(of: $0.value))" }.joined(
                separator: " ")
        }
    }

    private static let usage = "Usage: /vps reboot SERVER [COUNT] [NOTE] [--force]"

    @Test(
        "words, options and quotes",
        arguments: [
            ("reboot web-01", "count=2 force=false server=web-01"), ("  reboot\t web-01  ", "count=2 force=false server=web-01"),
            ("reboot web-01 5", "count=5 force=false server=web-01"),
            ("reboot --count 5 web-01", "count=5 force=false server=web-01"),
            ("reboot --count=5 --server=web-01 hello", "count=5 force=false note=hello server=web-01"),
            ("reboot web-01 --force", "count=2 force=true server=web-01"),
            ("reboot --force=false web-01", "count=2 force=false server=web-01"),
            ("reboot web-01 --note \"kernel  update\"", "count=2 force=false note=kernel  update server=web-01"),
            ("reboot web-01 \u{2014}note \u{201C}a b\u{201D}", "count=2 force=false note=a b server=web-01"),
            ("reboot web-01 -3", "count=-3 force=false server=web-01"), ("reboot -- --x", "count=2 force=false server=--x"),
            ("reboot web-01 --note=--force", "count=2 force=false note=--force server=web-01"),
            ("reboot", "server is missing. \(usage)"), ("reboot \"\"", "server is empty. \(usage)"),
            ("reboot web-01 five", "count is not a whole number. \(usage)"),
            ("reboot a 1 b c", "there is a word too many. \(usage)"),
            ("reboot a --forc", "there is no such option; did you mean --force?. \(usage)"),
            ("reboot a --zzz", "there is no such option. \(usage)"),
            ("reboot a --count", "--count needs a value. \(usage)"), ("reboot a --force=yes", "force is true or false. \(usage)"),
            ("reboot a --server b", "server is given twice. \(usage)"), ("reboot \"a", "a quote is not closed. \(usage)"),
            ("reboot a\u{1B}[2J", "the command holds a control character. \(usage)"),
            ("reboot " + String(repeating: "a", count: 13), "server is longer than 12 characters. \(usage)"),
            ("reboot " + String(repeating: "a ", count: 63), "the command has too many words. \(usage)"),
            ("reboot " + String(repeating: "a", count: 4_000), "the command is too long. \(usage)"),
            ("reboot a 99999999999999999999", "count is not a whole number. \(usage)"),
            ("", "not this"), ("rebootweb-01", "not this"), ("Reboot web-01", "not this"), ("status", "not this"),
            ("\"reboot", "not this"),
            ("rebo\u{FF4F}t web-01", "not this"),
        ])
    func arguments(_ text: String, _ expected: String) throws {
        #expect(try Self.outcome(text) == expected)
    }

    @Test("another command is another command", arguments: ["vp", "VPS", "vps ", "v\u{440}s", ""])
    func otherCommands(_ name: String) throws {
        #expect(try Self.outcome("reboot web-01", name: name) == "not this")
    }

    @Test("`when` sees the arguments of this rule's command, and nothing of another")
    func conditions() throws {
        let rule = try Self.rule()
        let set = RuleSet(revision: RuleSetRevision(rawValue: "r"), rules: [rule])
        #expect(set.evaluate(RulesFixture.command("reboot web-01")).map(\.verdict) == [.match])
        #expect(set.evaluate(RulesFixture.command("reboot web-01 11")).map(\.verdict) == [.noMatch])
        #expect(set.evaluate(RulesFixture.command("status")).map(\.verdict) == [.missing("args.count")])
    }

    @Test("permissions compare bytes; an empty list is no permission for everybody else's list")
    func permissions() throws {
        let permissions = try #require(try Self.rule().permissions)
        #expect(permissions.users == ["U012ABCDEF", "42"])
        #expect(permissions.allow(try #require(RulesFixture.command("x", user: "42").command)))
        #expect(!permissions.allow(try #require(RulesFixture.command("x", user: "u012abcdef").command)))
        #expect(!Permissions(users: [], channels: [], groups: []).allow(try #require(RulesFixture.command("x").command)))
        let kelvin = Permissions(users: ["K1"], channels: [], groups: [])
        #expect(!kelvin.allow(try #require(RulesFixture.command("x", user: "\u{212A}1").command)))
    }

    @Test(
        "commands that can not be told apart are refused",
        arguments: [
            ("vps reboot", "vps reboot", true), ("vps", "vps reboot", true), ("vps reboot", "vps stop", false),
            ("vps", "vpsx", false),
        ])
    func conflicts(_ first: String, _ second: String, _ isConflict: Bool) {
        let rules = [first, second].enumerated().map { index, command in
            """
              - name: r\(index)
                trigger: {source: slack, command: \(command)}
                permissions: {users: [U1]}
                autonomy: auto
                actions: [{action: notify, with: {channel: ops, text: hi}}]

            """
        }
        let load = RulesFixture.load("version: 1\nrules:\n" + rules.joined())
        #expect(load.diagnostics.map(\.code) == (isConflict ? [.badCommand] : []), "\(load.diagnostics.rendered)")
    }
}
