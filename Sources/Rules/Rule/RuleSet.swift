package import Model

/// One rule file as text.
package struct RuleSource: Sendable {
    /// The file's name, for messages.
    package var name: String
    /// The file's content.
    package var text: String

    /// A file of that name and content.
    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// What became of loading rule files.
package struct RuleSetLoad: Sendable {
    /// `nil` when any diagnostic is an error: files are loaded all together or not at all.
    package let ruleSet: RuleSet?
    /// Everything that was found, by file, line and column.
    package let diagnostics: [Diagnostic]
}

/// All rules of one revision: an immutable value, swapped whole.
package struct RuleSet: Sendable {
    /// What the conditions of all rules may cost for one event, in units; the rules beyond it give an error.
    package static let maxEventCost = 1_000_000

    /// As it was handed to ``load(_:revision:sources:kinds:secrets:floor:zoneData:)``.
    package let revision: RuleSetRevision
    /// In the order of the files and of their place in them.
    package let rules: [Rule]
    /// The rules' conditions as code, with their index.
    package let compiled: CompiledRules
    let pool: MatcherPool

    init(revision: RuleSetRevision, rules: [Rule]) {
        self.revision = revision
        self.rules = rules
        compiled = CompiledRules(rules.map(\.conditions))
        pool = MatcherPool(compiled, rules: rules)
        for rule in rules { rule.dropTrees() }
    }

    /// The enabled rules that no index can find, and that are therefore evaluated for every event of their source.
    package var unindexed: [Rule] {
        zip(rules, compiled.access).filter { $0.isEnabled && $1 == nil }.map(\.0)
    }

    /// Reads rule files and checks every key and every expression; all findings in one pass.
    ///
    /// - Parameters:
    ///   - files: in the order in which their rules are to be evaluated.
    ///   - revision: a hash over the files, kept with every run.
    ///   - sources: the configured sources' names, against which `trigger` is checked; `nil` checks nothing.
    ///   - kinds: the kind of each configured source by the source's name; the events of a source that is not in it have the
    ///     common schema, which declares what any kind has.
    ///   - secrets: the names of the configured secrets, against which `${{ secrets.NAME }}` is checked; `nil` checks nothing.
    ///   - groups: the people of each group of `vpsbridge.yaml`, by the chat's ids; `nil` checks nothing, and a rule that names groups
    ///     then lets nobody of them.
    ///   - floor: the limits of `vpsbridge.yaml`, which a rule may only make stricter.
    ///   - may: what the events of a source may lead to, by the source's name; one that is not in it may lead to anything.
    ///   - zoneData: the TZif file (RFC 9636) of a time zone such as `Europe/Berlin`, called once for each zone that an
    ///     expression names; the name holds nothing but letters, digits, `_`, `+`, `-` and single slashes. By default there are no
    ///     zones but UTC and offsets such as `+02:00`.
    /// - Returns: the rule set when nothing is an error, and everything that was found.
    package static func load(
        _ files: [RuleSource], revision: RuleSetRevision, sources: Set<String>?, kinds: [String: SourceKindName] = [:],
        secrets: Set<String>? = nil, groups: [String: [String]]? = nil, floor: Limits, may: [String: SourcePermission] = [:],
        zoneData: (String) -> [UInt8]? = { _ in nil }
    ) -> RuleSetLoad {
        withoutActuallyEscaping(zoneData) { zoneData in
            let surroundings = RuleSurroundings(
                sources: sources, kinds: kinds, secrets: secrets, groups: groups, floor: floor,
                zones: TimeZoneCatalog(data: zoneData), may: may)
            return load(files, revision: revision, surroundings, DiagnosticCollector())
        }
    }

    static func load(
        _ files: [RuleSource], revision: RuleSetRevision, _ surroundings: RuleSurroundings, _ collector: DiagnosticCollector
    ) -> RuleSetLoad {
        var rules: [Rule] = []
        var names: [String: YAMLNode] = [:]
        for file in files {
            let reader = RuleFileReader(surroundings: surroundings, collector: collector)
            rules += reader.read(file, &names)
        }
        CommandConflicts.report(rules, collector)
        AfterReferences.report(rules, collector)
        let diagnostics = collector.diagnostics.sortedByPosition
        return RuleSetLoad(
            ruleSet: diagnostics.hasErrors ? nil : RuleSet(revision: revision, rules: rules), diagnostics: diagnostics)
    }

    /// The rule of that name, compared by bytes.
    package func rule(named name: String) -> Rule? {
        rules.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// One entry for every enabled rule whose trigger fits: its source, and a problem or, for a command, a command.
    ///
    /// Explains: every rule and every condition is evaluated, by walking its tree. What acts asks ``match(_:)``.
    ///
    /// Pure and bounded: the same event gives the same answer. In a command's `when`, `args` is empty unless the command is
    /// this rule's and rightly called; whether it is, ``Rule/matchCommand(_:)`` says.
    package func evaluate(_ event: Event) -> [RuleEvaluation] {
        let values = EventValues(event)
        var budget = Self.maxEventCost
        var evaluations: [RuleEvaluation] = []
        for rule in rules where rule.isEnabled && rule.looksAt(event) {
            var context: EvaluationContext?
            if rule.trigger.command != nil {
                var args: [String: CELValue] = [:]
                if let command = event.command, case .matched(let values) = rule.matchCommand(command) { args = values }
                context = EvaluationContext(event: event, args: args)
            }
            var list = ConditionList(budget: budget, zones: rule.zones)
            let variables = RuleVariables(event: values, vars: rule.vars, context: context)
            let (verdict, conditions) = list.judge(rule.when, variables)
            budget = list.budget
            evaluations.append(RuleEvaluation(rule: rule, verdict: verdict, conditions: conditions))
        }
        return evaluations
    }
}
