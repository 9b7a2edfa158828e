import JSON

/// What the index and the compiler need to know of a rule.
struct RuleConditions {
    var source: [UInt8]
    /// Conditions of a command see its arguments; all others are judged by the event alone.
    var isCommand = false
    var isEnabled = true
    var when: [CELExpression]
    var vars: CELValue
    var zones: CELTimeZones
}

/// The conditions of a rule set as code, and the index that finds the rules an event could match.
///
/// Immutable after `init`, shared by all threads; each matches with a ``RuleMatcher`` of its own.
package final class CompiledRules: Sendable {
    /// The rules of one source.
    struct Partition: Sendable {
        let source: [UInt8]
        let isCommand: Bool
        let index: RuleIndex
        /// All rules of the partition, ascending.
        let rules: [Int32]
    }

    /// How a rule set is compiled; other than by default for tests only.
    struct Options {
        var foldsConstants = true
        var usesIndex = true
        var programFault: ProgramOptions.Fault = .none
        var indexFault: RuleIndex.Fault = .none
    }

    let store: ProgramStore
    let table: ConditionTable
    let partitions: [Partition]
    /// For every rule what it is found by; `nil` for a rule that is evaluated for every event of its source.
    let access: [AccessPredicate?]
    /// How many rules there are.
    package var count: Int { table.count }

    init(_ rules: [RuleConditions], _ options: Options = Options()) {
        let store = ProgramStoreBuilder()
        // The whole event is place 0, whether or not an expression names it.
        _ = store.rootPath("event")
        var programs: [[Int32]] = []
        var predicates: [[AccessPredicate]] = []
        for rule in rules {
            let program = Self.programOptions(rule, options)
            let isCompiled = rule.isEnabled
            programs.append(isCompiled ? rule.when.map { ProgramCompiler.compile($0, into: store, program) } : [])
            predicates.append(
                isCompiled && options.usesIndex ? ProgramCompiler.accessPredicates(of: rule.when, into: store, program) : [])
        }
        access = Self.choose(rules, predicates)
        for predicate in access { if let predicate { store.tree.watch(predicate.place) } }
        self.store = ProgramStore(store)
        table = Self.table(rules, programs, access, self.store)
        partitions = Self.partitions(rules, access, places: self.store.tree.count, options)
    }

    private static func programOptions(_ rule: RuleConditions, _ options: Options) -> ProgramOptions {
        var program = ProgramOptions()
        program.foldsConstants = options.foldsConstants
        program.fault = options.programFault
        program.eventName = "event"
        program.constants = ["vars": rule.vars]
        program.zones = rule.zones
        return program
    }

    /// The rules' conditions; those that several rules have are shared.
    private static func table(
        _ rules: [RuleConditions], _ programs: [[Int32]], _ access: [AccessPredicate?], _ store: ProgramStore
    ) -> ConditionTable {
        var uses = [Int](repeating: 0, count: store.programs.count)
        for program in programs.joined() { uses[Int(program)] += 1 }
        var codes: [RuleCode] = []
        var conditions: [RuleCondition] = []
        for (rule, all) in programs.enumerated() {
            var known: Int32 = -1
            if let predicate = access[rule], predicate.isExact, let condition = predicate.condition { known = Int32(condition) }
            codes.append(RuleCode(first: Int32(conditions.count), count: Int32(all.count), known: known))
            for program in all {
                let isShared = uses[Int(program)] > 1 && store.programs[Int(program)].isPure
                conditions.append(RuleCondition(program: program, isShared: isShared))
            }
        }
        return ConditionTable(codes: codes, conditions: conditions, zones: rules.map(\.zones))
    }

    /// Rules of one source compete for the smallest buckets; those of others are never looked at with them.
    private static func choose(_ rules: [RuleConditions], _ predicates: [[AccessPredicate]]) -> [AccessPredicate?] {
        var chosen = [AccessPredicate?](repeating: nil, count: rules.count)
        for members in groups(rules).values {
            let plan = IndexPlan(members.map { predicates[Int($0)] })
            for (position, rule) in members.enumerated() { chosen[Int(rule)] = plan.chosen[position] }
        }
        return chosen
    }

    private struct Group: Hashable {
        let source: [UInt8]
        let isCommand: Bool
    }

    /// The enabled rules by what they are triggered by, ascending.
    private static func groups(_ rules: [RuleConditions]) -> [Group: [Int32]] {
        var groups: [Group: [Int32]] = [:]
        for (index, rule) in rules.enumerated() where rule.isEnabled {
            let group = Group(source: rule.source, isCommand: rule.isCommand)
            groups[group, default: []].append(Int32(index))
        }
        return groups
    }

    private static func partitions(
        _ rules: [RuleConditions], _ access: [AccessPredicate?], places: Int, _ options: Options
    ) -> [Partition] {
        groups(rules).map { group, members in
            Partition(
                source: group.source, isCommand: group.isCommand,
                index: RuleIndex(
                    members.map { ($0, access[Int($0)]) }, places: places, fault: options.indexFault),
                rules: members)
        }
    }

    /// The partition of a source's events; `nil` when no rule is triggered by them.
    func partition(source: some Collection<UInt8>, isCommand: Bool) -> Int? {
        partitions.firstIndex { $0.isCommand == isCommand && $0.source.elementsEqual(source) }
    }
}
