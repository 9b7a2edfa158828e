import Model
import Rules
import Webhooks

/// Reads one test file; what is wrong is reported with its place, and the tests without errors are kept.
struct RuleTestFileReader {
    let request: RuleTestRequest
    let rules: RuleSetCache
    let collector: DiagnosticCollector

    /// What a file says for all its tests, and a test for itself.
    struct Defaults {
        var settings: RuleTestSettings
        var rules: YAMLNode?
        var servers: [Server]
        var start: Timestamp
    }

    /// `0s` of a test that says nothing else: a Thursday.
    static let start = Timestamp(seconds: 1_767_225_600)
    private static let shared = ["config", "rules", "servers", "start"]

    func read(_ file: RuleSource) -> [RuleTest] {
        let (root, problems) = YAMLDocument.parse(text: file.text, file: file.name)
        problems.forEach(collector.report)
        guard let root else {
            if problems.isEmpty {
                let source = YAMLSource(file: file.name, text: file.text)
                collector.report(
                    source.diagnostic(.missingKey, line: 1, column: 1, "the file is empty", hint: "it begins with `version: 1`"))
            }
            return []
        }
        guard let top = YAMLMapping(root, keys: ["version"] + Self.shared + ["tests"], of: "the test file", collector) else {
            return []
        }
        if let version = top.required("version", hint: "write `version: 1`") {
            _ = version.int("`version`", in: 1...1, collector)
        }
        let base = Defaults(settings: request.settings, rules: nil, servers: [], start: Self.start)
        let defaults = read(top, over: base)
        guard let items = top.required("tests")?.list("`tests`", max: RuleTestLimits.tests, collector) else { return [] }
        var names: [String: Int] = [:]
        return items.compactMap { read(test: $0, file: file.name, defaults, &names) }
    }

    /// `config`, `rules`, `servers` and `start` of a mapping, laid over what held before.
    private func read(_ fields: YAMLMapping, over base: Defaults) -> Defaults {
        var defaults = base
        if let node = fields["config"] { read(config: node, into: &defaults.settings) }
        if let node = fields["rules"] { defaults.rules = node }
        if let node = fields["start"], let text = node.string("`start`", collector) {
            if let start = Timestamp(rfc3339: text) {
                defaults.start = start
            } else {
                collector.report(
                    node.diagnostic(.unknownValue, "`start` is not an instant", hint: "write `start: 2026-01-10T14:30:00Z`"))
            }
        }
        if let node = fields["servers"] {
            defaults.servers = RuleTestWorldReader(collector: collector).readServers(node, start: defaults.start)
        }
        return defaults
    }

    private func read(config node: YAMLNode, into settings: inout RuleTestSettings) {
        let keys = ["live", "limits", "prices", "sources", "aliases", "protected", "maintenance", "secrets", "groups"]
        guard let fields = YAMLMapping(node, keys: keys, of: "`config`", collector) else { return }
        if let live = fields["live"]?.bool("`live`", collector) { settings.live = live }
        if let node = fields["prices"] { Prices.read(node, into: &settings.limits, collector) }
        if let node = fields["limits"] { LimitsFloor.read(node, into: &settings.limits, collector) }
        if let node = fields["aliases"] { settings.aliases = ServerAliases.read(node, collector) }
        if let names = fields["protected"]?.identifiers("`protected`", collector) { settings.protected = names }
        if let node = fields["groups"] { settings.groups = PeopleGroups.read(node, collector) }
        if let node = fields["maintenance"] {
            settings.maintenance = MaintenanceWindow.read(node, zoneData: request.zoneData, collector)
        }
        for name in fields["secrets"]?.identifiers("`secrets`", collector) ?? [] {
            settings.secrets[name] = RuleTestSettings.secret(named: name)
        }
        for entry in fields["sources"]?.entries("`sources`", collector) ?? [] {
            let title = "the kind of source `\(entry.name)`"
            guard let word = entry.value.choice(title, among: SourceKind.allCases.map(\.rawValue), collector),
                let kind = SourceKind(rawValue: word)
            else { continue }
            settings.sources[entry.name] = RuleTestSettings.source(named: entry.name, kind: kind)
        }
    }

    private func read(test node: YAMLNode, file: String, _ defaults: Defaults, _ names: inout [String: Int]) -> RuleTest? {
        let errorsBefore = collector.errorCount
        let name = Self.peekName(node)
        let owner = name.map { "test \"\($0)\"" } ?? "the test"
        guard let fields = YAMLMapping(node, keys: ["name"] + Self.shared + ["timeline"], of: owner, collector) else {
            return nil
        }
        guard let nameNode = fields.required("name"), let name = nameNode.string("`name`", collector) else { return nil }
        if let line = names[name] {
            collector.report(nameNode.diagnostic(.badName, "there is already a test of this name", hint: "it is in line \(line)"))
        }
        names[name] = nameNode.line
        let own = read(fields, over: defaults)
        guard let ruleSet = rules.ruleSet(own.rules, of: node, file: file, own.settings, collector) else { return nil }
        let timeline = RuleTestTimelineReader(
            file: file, ruleSet: ruleSet, settings: own.settings, servers: own.servers, start: own.start,
            readFile: request.readFile,
            collector: collector)
        let steps = fields.required("timeline", hint: "write `timeline:` and below it steps such as `- at: 2m`")
            .map { timeline.read($0) }
        guard let steps, collector.errorCount == errorsBefore else { return nil }
        return RuleTest(
            name: name, place: RuleTestPlace(nameNode), ruleSet: ruleSet, settings: own.settings, servers: own.servers,
            start: own.start, steps: steps)
    }

    /// The name without complaint, so that messages about other keys can use it.
    private static func peekName(_ node: YAMLNode) -> String? {
        guard case .mapping(let entries) = node.content else { return nil }
        return entries.first { $0.name == "name" }?.value.scalar.map { String($0.text.prefix(60)) }
    }
}
