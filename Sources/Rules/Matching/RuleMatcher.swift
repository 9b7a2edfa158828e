package import JSON
package import Model

/// Matches events against a rule set, over and over, with memory that it keeps.
///
/// Not shared between threads: each makes its own.
package final class RuleMatcher {
    private let compiled: CompiledRules
    /// Empty for rules that are nothing but conditions.
    private let rules: [Rule]
    private let table: JSONSlotTable
    private let document: DocumentReader
    private let event: EventReader
    private var machine: ProgramMachine
    private var candidates: [Int32] = []
    private var matched: [Int] = []
    private var ledger: MissingLedger
    /// Rules that have been told to be silent already.
    private var told: Set<Int32> = []
    private var silentRules: [SilentRule] = []

    /// A matcher for the rules of a set.
    package convenience init(_ ruleSet: RuleSet) {
        self.init(ruleSet.compiled, rules: ruleSet.rules)
    }

    /// A matcher for documents and rules that are nothing but conditions.
    package convenience init(_ compiled: CompiledRules) {
        self.init(compiled, rules: [])
    }

    init(_ compiled: CompiledRules, rules: [Rule]) {
        self.compiled = compiled
        self.rules = rules
        table = JSONSlotTable(tree: compiled.store.tree)
        document = DocumentReader(table: table)
        event = EventReader(table: table)
        machine = ProgramMachine(store: compiled.store, slots: table.slots, rules: compiled.table)
        ledger = MissingLedger(compiled)
    }

    // MARK: - Documents

    /// The rules of a source that match a JSON document, by their numbers in the rule set, ascending; `event` is the document.
    ///
    /// Rules for commands never match. Allocates nothing once it has seen documents of the size, unless a condition itself
    /// makes texts, lists or maps.
    /// - Throws: ``JSONError`` as ``JSONValue/parse(_:limits:)-([UInt8],_)`` does.
    package func match(
        _ bytes: UnsafeRawBufferPointer, source: String, limits: JSONLimits = .standard
    ) throws(JSONError) -> [Int] {
        matched.removeAll(keepingCapacity: true)
        try document.read(bytes, limits: limits)
        machine.reading = table.reading
        machine.reader = document
        guard let partition = compiled.partition(source: source.utf8, isCommand: false) else { return matched }
        collect(partition)
        var budget = RuleSet.maxEventCost
        for rule in candidates where judge(rule, &budget) == .match { matched.append(Int(rule)) }
        machine.clean()
        return matched
    }

    /// Whether the conditions of a rule hold for the document that was read last; `nil` when one of them fails.
    package func holds(_ rule: Int) -> Bool? {
        var budget = RuleSet.maxEventCost
        switch machine.judge(rule, skipsKnown: false, &budget) {
        case .holds: return true
        case .fails: return false
        case .failed: return nil
        }
    }

    // MARK: - Events

    /// What the rules say to an event, in their order; rules that do not match are left out.
    ///
    /// A rule that the index rules out is left out too, even if a condition of it would have been missing a key.
    package func match(_ event: Event) -> [RuleMatch] {
        let isCommand = event.status == .command
        guard !rules.isEmpty, let partition = compiled.partition(source: event.source.utf8, isCommand: isCommand) else {
            return []
        }
        self.event.read(event)
        machine.reading = table.reading
        machine.reader = self.event
        collect(partition)
        var matches: [RuleMatch] = []
        var budget = RuleSet.maxEventCost
        for number in candidates {
            let rule = rules[Int(number)]
            guard rule.looksAt(event) else { continue }
            if isCommand { machine.variables = CELVariableTable(arguments(of: event, for: rule)) }
            switch judge(number, &budget) {
            case .noMatch: continue
            case .match: matches.append(RuleMatch(rule: rule, verdict: .match))
            case .missing, .error: matches.append(RuleMatch(rule: rule, verdict: ConditionList.verdict(machine.failure)))
            }
        }
        reviewSilence(partition)
        machine.clean()
        self.event.forget()
        return matches
    }

    private func arguments(of event: Event, for rule: Rule) -> [String: CELValue] {
        guard let command = event.command, case .matched(let args) = rule.matchCommand(command) else {
            return ["args": .map(CELMap(texts: []))]
        }
        let sorted = args.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return ["args": .map(CELMap(texts: sorted.map { ($0.key, $0.value) }))]
    }

    // MARK: - Both

    private enum Judgement {
        case match, noMatch
        /// ``machine`` knows the failure.
        case missing, error
    }

    /// Finds the rules that could match, ascending.
    private func collect(_ partition: Int) {
        ledger.count(event: partition)
        candidates.removeAll(keepingCapacity: true)
        compiled.partitions[partition].index.candidates(of: table, into: &candidates, present: &ledger.present[partition])
        // A bucket's rules are in order; mostly there is but one bucket.
        for index in candidates.indices.dropFirst() where candidates[index] < candidates[index - 1] {
            candidates.sort()
            break
        }
    }

    /// All conditions of a rule as one `&&`: the first false one ends it, failures are remembered.
    private func judge(_ rule: Int32, _ budget: inout Int) -> Judgement {
        let judgement = machine.judge(Int(rule), skipsKnown: true, &budget)
        switch judgement {
        case .holds, .fails: ledger.decided(rule)
        case .failed where machine.missingPath >= 0:
            ledger.missed(rule, machine.missingPath)
            return .missing
        case .failed:
            if machine.failed?.kind == .missing {
                ledger.missed(rule, -1)
                return .missing
            }
            ledger.decided(rule)
            return .error
        }
        return judgement == .holds ? .match : .noMatch
    }

    // MARK: - What is missing

    /// How often keys were missing, by rule and path, in the events that this matcher has seen.
    package var missingCounts: [MissingCount] {
        ledger.counts(compiled, path: writtenPath).map { MissingCount(rule: name($0.rule), path: $0.path, count: $0.count) }
    }

    /// After how many events a rule that was only ever missing a key is told.
    package static let silenceLimit = 100

    /// Rules that have now missed a key in a hundred events and more, and in no event anything else; each is given once.
    package func takeSilentRules() -> [SilentRule] {
        defer { silentRules.removeAll() }
        return silentRules
    }

    /// Looks whether rules that seem silent are: those that the index ruled out are evaluated after 1, 2, 4, 8… events.
    private func reviewSilence(_ partition: Int) {
        let events = ledger.events[partition]
        let isDue = events == Self.silenceLimit
        guard isDue || events & (events - 1) == 0, events <= 1 << 20 else { return }
        for rule in ledger.silentRules(of: partition, compiled) where !told.contains(rule) {
            var budget = RuleSet.maxEventCost
            let isCandidate = candidates.contains(rule)
            guard isCandidate || machine.judge(Int(rule), skipsKnown: false, &budget) == .failed,
                isCandidate || machine.missingPath >= 0
            else {
                ledger.decided(rule)
                continue
            }
            guard events >= Self.silenceLimit else { continue }
            told.insert(rule)
            tell(rule, events)
        }
    }

    private func tell(_ rule: Int32, _ events: Int) {
        var budget = RuleSet.maxEventCost
        _ = machine.judge(Int(rule), skipsKnown: false, &budget)
        silentRules.append(
            SilentRule(
                rule: name(rule), path: writtenPath(machine.missingPath), events: events,
                nearKeys: event.keysNear(machine.missingPath, in: compiled.store)))
    }

    private func writtenPath(_ path: Int32) -> String {
        path < 0 ? "" : compiled.store.writtenPaths[Int(path)].text
    }

    private func name(_ rule: Int32) -> String {
        rules.isEmpty ? String(rule) : rules[Int(rule)].name
    }
}
