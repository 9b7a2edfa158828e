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

    /// A matcher for the rules of a set.
    package convenience init(_ ruleSet: RuleSet) {
        self.init(ruleSet.compiled, rules: ruleSet.rules)
    }

    /// A matcher for documents and rules that are nothing but conditions.
    package convenience init(_ compiled: CompiledRules) {
        self.init(compiled, rules: [])
    }

    private init(_ compiled: CompiledRules, rules: [Rule]) {
        self.compiled = compiled
        self.rules = rules
        table = JSONSlotTable(tree: compiled.store.tree)
        document = DocumentReader(table: table)
        event = EventReader(table: table)
        machine = ProgramMachine(store: compiled.store, slots: table.slots)
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
        guard let partition = compiled.partition(source: source.utf8, isCommand: false) else { return matched }
        machine.reading = table.reading
        machine.reader = document
        var budget = RuleSet.maxEventCost
        collect(partition)
        for rule in candidates {
            machine.zones = compiled.zones[Int(rule)]
            if judge(rule, &budget) == .match { matched.append(Int(rule)) }
        }
        machine.clean()
        return matched
    }

    /// Whether the conditions of a rule hold for the document that was matched last; `nil` when one of them fails.
    package func holds(_ rule: Int) -> Bool? {
        var budget = RuleSet.maxEventCost
        machine.zones = compiled.zones[rule]
        switch judge(Int32(rule), &budget) {
        case .match: return true
        case .noMatch: return false
        case .failed: return nil
        }
    }

    // MARK: - Events

    /// What the rules say to an event, in their order; rules that do not match are left out.
    ///
    /// A rule that the index rules out is left out too, even if a condition of it would have been missing a key.
    package func match(_ event: Event) -> [RuleMatch] {
        var matches: [RuleMatch] = []
        let isCommand = event.status == .command
        guard !rules.isEmpty, let partition = compiled.partition(source: event.source.utf8, isCommand: isCommand) else { return matches }
        self.event.read(event)
        machine.reading = table.reading
        machine.reader = self.event
        var budget = RuleSet.maxEventCost
        collect(partition)
        for number in candidates {
            let rule = rules[Int(number)]
            guard rule.trigger.fits(event) else { continue }
            machine.variables = CELVariableTable(isCommand ? arguments(of: event, for: rule) : [:])
            machine.zones = rule.zones
            switch judge(number, &budget) {
            case .noMatch: continue
            case .match: matches.append(RuleMatch(rule: rule, verdict: .match))
            case .failed(let failure): matches.append(RuleMatch(rule: rule, verdict: ConditionList.verdict(failure)))
            }
        }
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
        case failed(EvaluationFailure)

        static func == (left: Judgement, right: Judgement) -> Bool {
            switch (left, right) {
            case (.match, .match), (.noMatch, .noMatch): true
            default: false
            }
        }
    }

    /// Finds the rules that could match, ascending.
    private func collect(_ partition: Int) {
        candidates.removeAll(keepingCapacity: true)
        compiled.partitions[partition].index.candidates(of: table, into: &candidates)
        if candidates.count > 1 { candidates.sort() }
    }

    /// All conditions of a rule as one `&&`: the first false one ends it, failures are remembered.
    private func judge(_ rule: Int32, _ budget: inout Int) -> Judgement {
        var failure: EvaluationFailure?
        for condition in compiled.conditions[Int(rule)] {
            guard budget > 0 else {
                failure = EvaluationFailure.graver(
                    failure, EvaluationFailure(.cost, "the event's rules need more than their cost units"))
                continue
            }
            let program = compiled.store.programs[Int(condition)]
            let isComplete = machine.run(program, limit: min(CELMeter.defaultLimit, budget))
            budget -= machine.meter.spent
            let result = machine.registers[0]
            if !isComplete {
                failure = EvaluationFailure.graver(failure, machine.failure)
            } else if result.kind != .bool || result.isOptional {
                failure = EvaluationFailure.graver(
                    failure, EvaluationFailure(.type, "the condition is not true or false"))
            } else if result.bits == 0 {
                return .noMatch
            }
        }
        return failure.map(Judgement.failed) ?? .match
    }
}
