import FoundationEssentials
import RuleTesting
import Rules
import Testing

@Suite("rule tests: the files in rules/")
struct RuleTestingShippedTests {
    @Test("every shipped rule has tests, they pass, and each condition was seen true and false")
    func shipped() async throws {
        let folder = RulesFiles.root + "/rules"
        let names = RulesFiles.names(in: folder).filter { $0.hasSuffix(".yaml") }
        let files = names.map { name in
            RuleSource(name: "rules/\(name)", text: RulesFiles.text("\(folder)/\(name)") ?? "")
        }
        let tests = files.filter { $0.name.hasSuffix(".test.yaml") }
        let rules = files.filter { !$0.name.hasSuffix(".test.yaml") }
        for rule in rules {
            let test = rule.name.replacing(".yaml", with: ".test.yaml")
            #expect(tests.contains { $0.name == test }, "\(rule.name) has no \(test)")
        }
        let report = await RuleTests.run(
            RuleTestRequest(tests: tests, rules: rules, readFile: { RulesFiles.bytes("\(RulesFiles.root)/\($0)") }))
        #expect(report.isGreen, "\(report.text())")
        #expect(report.coverage.percent == 100, "\(report.text())")
        #expect(report.results.count >= rules.count)
    }
}
