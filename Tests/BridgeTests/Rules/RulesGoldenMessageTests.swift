import Testing

@testable import Rules

/// What people see when a rule file is wrong, caret and hint included; all of it in `Tests/Golden/rule-messages.txt`.
///
/// A case is a name, the lines that replace those of a right rule (`key: -` removes one) or a whole file, and everything that is
/// said about it. `VPSBRIDGE_RECORD_GOLDEN=1` writes the file anew from what is said now; read the difference before you keep it.
@Suite("rules: messages about rule files")
struct RulesGoldenMessageTests {
    @Test("a wrong rule file", arguments: RulesGoldenFile.read())
    func message(_ wrong: RulesGoldenCase) {
        #expect(!wrong.says.isEmpty)
        #expect(wrong.actual == wrong.says)
    }

    @Test("the file has at least 120 cases, each name once")
    func size() throws {
        let cases = RulesGoldenFile.read()
        #expect(cases.count >= 120)
        #expect(Set(cases.map(\.name)).count == cases.count)
    }

    @Test("recording the file", .enabled(if: RulesFiles.environment("VPSBRIDGE_RECORD_GOLDEN") != nil))
    func record() throws {
        let text = RulesGoldenFile.read().map { "=== \($0.name)\n\($0.input)\n---\n\($0.actual)\n" }.joined(separator: "\n")
        #expect(RulesFiles.write(text, to: RulesGoldenFile.path))
    }
}

/// One wrong rule file and what is said about it.
struct RulesGoldenCase: Sendable, CustomTestStringConvertible {
    let name: String
    let input: String
    let says: String

    var testDescription: String { name }

    var text: String {
        if name.hasSuffix("(whole file)") { return input + "\n" }
        var keys: [String] = []
        for line in input.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(" "), let last = keys.popLast() {
                keys.append(last + "\n" + line)
            } else {
                keys.append(String(line))
            }
        }
        return RulesFixture.alertRule(lines: keys)
    }

    var actual: String { RulesMessageCase(name, text, "").actual }
}

enum RulesGoldenFile {
    static let path = RulesFiles.root + "/Tests/Golden/rule-messages.txt"

    static func read() -> [RulesGoldenCase] {
        let lines = (RulesFiles.text(path) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        var cases: [RulesGoldenCase] = []
        var (name, input, says): (String?, [Substring], [Substring]) = (nil, [], [])
        var isInput = true
        func finish() {
            guard let name else { return }
            while says.last?.isEmpty == true { says.removeLast() }
            cases.append(
                RulesGoldenCase(name: name, input: input.joined(separator: "\n"), says: says.joined(separator: "\n")))
        }
        for line in lines {
            if line.hasPrefix("=== ") {
                finish()
                (name, input, says, isInput) = (String(line.dropFirst(4)), [], [], true)
            } else if line == "---" {
                isInput = false
            } else if isInput {
                input.append(line)
            } else {
                says.append(line)
            }
        }
        finish()
        return cases
    }
}
