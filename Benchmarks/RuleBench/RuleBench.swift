import Glibc
import JSON
import Model
import Rules

/// Runs the workloads and prints what it measured.
struct RuleBench {
    let folder: String
    let workloads: [String]

    init(folder: String, workloads: [String]) {
        self.folder = folder
        self.workloads = workloads.isEmpty ? ["strings", "mixed", "noeq"] : workloads
    }

    func run() -> Bool {
        guard let events = Measure.read("\(folder)/events.jsonl"), let expected = json("expected.json") else {
            print("no events.jsonl and expected.json in \(folder)")
            return false
        }
        let lines = events.split(separator: UInt8(ascii: "\n")).map { Array($0) }
        print("\(lines.count) events, \(events.count / max(lines.count, 1)) bytes each; events per CPU-second, one thread")
        let limit = Measure.best(Self.rounds) { parseAll(lines) }
        print("limit: JSON parsed and checked, nothing matched: \(Self.rate(lines.count, limit))")
        var isRight = true
        for workload in workloads { isRight = run(workload, lines, expected) && isRight }
        Bounds.run()
        return oneCondition(lines[0]) && isRight
    }

    private static let sizes = [1, 10, 100, 1_000, 10_000]
    private static let rounds = 5

    /// One workload; its rule sets take turns, so that whatever else the machine does meets all of them.
    private func run(_ workload: String, _ lines: [[UInt8]], _ expected: JSONValue) -> Bool {
        var matchers: [RuleMatcher] = []
        for size in Self.sizes {
            guard let rules = load(workload, size) else { return false }
            matchers.append(RuleMatcher(rules))
        }
        var best = [Double](repeating: .infinity, count: matchers.count)
        var counts = [(matches: Int, events: Int)](repeating: (0, 0), count: matchers.count)
        for _ in 0..<Self.rounds {
            for (index, matcher) in matchers.enumerated() {
                best[index] = min(best[index], Measure.best(1) { counts[index] = match(lines, matcher) })
            }
        }
        var isRight = true
        for (index, size) in Self.sizes.enumerated() {
            let wanted = expected["\(workload)-\(size)"]
            let isEqual =
                wanted?["matches"]?.intValue == Int64(counts[index].matches)
                && wanted?["events_with_a_match"]?.intValue == Int64(counts[index].events)
            isRight = isRight && isEqual
            let verdict = isEqual ? "as expected" : "WRONG"
            print("\(workload) \(size): \(Self.rate(lines.count, best[index])), \(counts[index].matches) matches, \(verdict)")
        }
        print("\(workload): slowdown from 10 to 10,000 rules: \(Self.rounded(best[4] / best[1]))")
        return isRight
    }

    /// One condition of six parts, all of them true, on an event that was read before.
    private func oneCondition(_ line: [UInt8]) -> Bool {
        let condition = """
            event.source == "alertmanager" && event.labels.job in ["node", "blackbox", "mysql"] && \
            event.labels.instance.endsWith(".example.com:9100") && event.values.cpu >= 0.0 && event.values.load < 100.0 && \
            event.values.restarts <= 9
            """
        guard let rules = try? CompiledRules(texts: [[condition]], source: "alertmanager") else { return false }
        let matcher = RuleMatcher(rules)
        _ = line.withUnsafeBytes { bytes in try? matcher.match(bytes, source: "alertmanager") }
        let rounds = 1_000_000
        var held = 0
        let allocations = Measure.allocations
        let seconds = Measure.best(3) {
            held = 0
            for _ in 0..<rounds where matcher.holds(0) == true { held += 1 }
        }
        let taken = Measure.allocations - allocations
        let nanoseconds = RuleBench.rounded(seconds / Double(rounds) * 1e9)
        print("one condition of six parts: \(nanoseconds) ns with costs counted, \(taken) heap allocations in \(3 * rounds)")
        return held == rounds
    }

    private func parseAll(_ lines: [[UInt8]]) {
        let extractor = JSONExtractor(table: JSONSlotTable(tree: JSONPathTreeBuilder().tree()))
        for line in lines {
            line.withUnsafeBytes { bytes in
                do { try extractor.read(bytes) } catch { print(error) }
            }
        }
    }

    private func match(_ lines: [[UInt8]], _ matcher: RuleMatcher) -> (matches: Int, events: Int) {
        var matches = 0
        var events = 0
        for line in lines {
            let count = line.withUnsafeBytes { bytes in (try? matcher.match(bytes, source: "alertmanager").count) ?? 0 }
            matches += count
            events += count > 0 ? 1 : 0
        }
        return (matches, events)
    }

    // MARK: - Rules

    private func json(_ name: String) -> JSONValue? {
        guard let bytes = Measure.read("\(folder)/\(name)") else { return nil }
        return try? JSONValue.parse(bytes, limits: JSONLimits(maxBytes: 1 << 30, maxValues: 1 << 28))
    }

    /// Loads a workload's rules, and says what that took.
    private func load(_ workload: String, _ count: Int) -> CompiledRules? {
        guard case .array(let rules)? = json("rules-\(workload)-\(count).json") else {
            print("no rules-\(workload)-\(count).json in \(folder)")
            return nil
        }
        let texts = rules.map { RuleText.conditions($0, prefix: "event") }
        let loaded = measured("\(workload) \(count): as texts,", count) { () -> CompiledRules? in
            do { return try CompiledRules(texts: texts, source: "alertmanager") } catch { print(error) }
            return nil
        }
        if count == 10_000 {
            let files = RuleText.files(rules)
            let ruleSet = measured("\(workload) \(count): as rule files,", count) { () -> RuleSet? in
                let load = RuleSet.load(
                    files, revision: RuleSetRevision(rawValue: "bench"), sources: ["alertmanager"], floor: Limits())
                if load.ruleSet == nil { print(load.diagnostics.prefix(3).map(\.message)) }
                return load.ruleSet
            }
            withExtendedLifetime((ruleSet, files)) {}
        }
        withExtendedLifetime((rules, texts)) {}
        return loaded
    }

    /// Says how long it took to load many rules, and what they occupy.
    private func measured<Loaded>(_ title: String, _ count: Int, _ body: () -> Loaded) -> Loaded {
        let memory = Measure.heapBytes
        let start = Measure.cpuSeconds
        let loaded = body()
        let seconds = Measure.cpuSeconds - start
        if count >= 1_000 {
            let bytes = (Measure.heapBytes - memory) / count
            print("\(title) loaded in \(Self.rounded(seconds)) s, \(bytes) bytes of heap for each rule")
        }
        return loaded
    }

    // MARK: - Numbers

    static func rounded(_ number: Double) -> String {
        let hundredths = Int((number * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    static func rate(_ count: Int, _ seconds: Double) -> String {
        "\(Int(Double(count) / seconds / 1_000)),000 events/s"
    }
}
