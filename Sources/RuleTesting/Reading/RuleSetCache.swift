import Model
import Rules
import Webhooks

/// The rule sets of a run's tests; tests that ask for the same files under the same limits share one. Not shared between threads.
final class RuleSetCache {
    private struct Key: Hashable {
        var files: [String]
        var limits: Limits
        var kinds: [String: SourceKindName]
        var secrets: Set<String>
        var groups: [String: [String]]
    }

    private let request: RuleTestRequest
    private var loaded: [Key: RuleSet?] = [:]
    private var reported: Set<Diagnostic> = []
    private var texts: [String: RuleSource] = [:]

    init(_ request: RuleTestRequest) {
        self.request = request
        for file in request.rules { texts[RuleTestPath.normalized(file.name)] = file }
    }

    /// The rules that a test names, or all of its folder; `nil` when there are none or they have errors, which were reported.
    func ruleSet(
        _ names: YAMLNode?, of test: YAMLNode, file: String, _ settings: RuleTestSettings, _ collector: DiagnosticCollector
    ) -> RuleSet? {
        let files: [RuleSource]
        if let names {
            guard let named = read(names, file: file, collector) else { return nil }
            files = named
        } else {
            let folder = RuleTestPath.folder(of: RuleTestPath.normalized(file))
            files = request.rules.filter {
                RuleTestPath.folder(of: RuleTestPath.normalized($0.name)).utf8.elementsEqual(folder.utf8)
            }
        }
        guard !files.isEmpty else {
            collector.report(
                (names ?? test).diagnosticAtStart(
                    .missingKey, "there are no rules to test", hint: "name them: `rules: [host-down.yaml]`, relative to this file"
                ))
            return nil
        }
        return load(files, settings, collector)
    }

    /// All rule files of the request together, whatever tests name; `nil` when they have errors, which are not told here.
    func everything() -> RuleSet? {
        guard !request.rules.isEmpty else { return nil }
        let load = RuleSet.load(
            request.rules, revision: RuleTestEngine.revision, sources: nil, floor: .none, zoneData: request.zoneData)
        return load.ruleSet
    }

    private func read(_ names: YAMLNode, file: String, _ collector: DiagnosticCollector) -> [RuleSource]? {
        guard let items = names.list("`rules`", max: 100, collector) else { return nil }
        var files: [RuleSource] = []
        for item in items {
            guard let name = item.string("an element of `rules`", collector) else { return nil }
            guard let path = RuleTestPath.beside(file, name), let source = source(path) else {
                let folder = RuleTestPath.folder(of: RuleTestPath.normalized(file))
                let near = texts.keys.sorted().filter { $0.hasPrefix(folder) }.map { String($0.dropFirst(folder.count)) }
                let finding = item.diagnostic(
                    .unknownValue, "the rule file `\(name)` can not be read",
                    hint: Suggestion.hint(for: name, among: near) ?? "paths are relative to the folder of this file")
                // A list for the whole file is read for each of its tests.
                if reported.insert(finding).inserted { collector.report(finding) }
                return nil
            }
            files.append(source)
        }
        return files
    }

    private func source(_ path: String) -> RuleSource? {
        if let known = texts[path] { return known }
        guard let bytes = request.readFile(path), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let source = RuleSource(name: path, text: text)
        texts[path] = source
        return source
    }

    private func load(_ files: [RuleSource], _ settings: RuleTestSettings, _ collector: DiagnosticCollector) -> RuleSet? {
        let key = Key(
            files: files.map(\.name), limits: settings.limits,
            kinds: settings.sources.mapValues { SourceKindName(rawValue: $0.kind.rawValue) },
            secrets: Set(settings.secrets.keys), groups: settings.groups)
        if let known = loaded[key] { return known }
        let load = RuleSet.load(
            files, revision: RuleTestEngine.revision, sources: Set(key.kinds.keys), kinds: key.kinds, secrets: key.secrets,
            groups: key.groups, floor: settings.limits, zoneData: request.zoneData)
        if load.ruleSet == nil {
            for finding in load.diagnostics where reported.insert(finding).inserted { collector.report(finding) }
        }
        loaded.updateValue(load.ruleSet, forKey: key)
        return load.ruleSet
    }
}
