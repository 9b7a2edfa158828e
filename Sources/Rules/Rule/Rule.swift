package import Model

/// One rule of a rule set: what it waits for, what it does, and within which limits. Immutable.
package final class Rule: Sendable {
    /// Unique in its rule set; at most 64 bytes of `a-z 0-9 - _ .`.
    package let name: String
    /// For people; `nil` when the file gives none.
    package let description: String?
    /// A rule that is not enabled is checked and shown, and never evaluated.
    package let isEnabled: Bool
    /// Which events the rule looks at.
    package let trigger: Trigger
    /// `for`: how long the problem must last before the rule acts, from its first receipt.
    package let waitFor: Duration?
    /// The bridge's own look at the server; `nil` when the rule has none.
    package let probe: Probe?
    /// How long a healthy state must last before it counts.
    package let healthyDelay: Duration
    /// The floor with what the rule makes stricter.
    package let limits: Limits
    /// The share of the rule's servers above which it does nothing; `nil` leaves that to the storm guard.
    package let maxUnhealthy: MaxUnhealthy?
    /// How long after a run of another rule, by its name, this rule waits.
    package let after: [String: Duration]
    /// `limits.key`: what the limits count by instead of the server.
    package let limitKey: RuleExpression?
    /// Who decides that the rule acts.
    package let autonomy: Autonomy
    /// How people are asked, when they are.
    package let approval: Approval
    /// `group_by`: one run for each of its values instead of one per server.
    package let groupBy: RuleExpression?
    /// The servers that a scaling rule owns.
    package let fleet: FleetSelection?
    /// `while_firing`: the last rung again, for as long as the problem lasts.
    package let whileFiring: WhileFiring?
    /// At least one; only the last may have no action.
    package let rungs: [Rung]
    /// For a command: who may call it.
    package let permissions: Permissions?
    /// For a command: what the chat is told.
    package let replies: Replies
    /// `start_stopped`: whether the rule may start a server that the bridge did not stop.
    package let startsStopped: Bool
    /// The file where the rule stands, as it was handed in.
    package let file: String
    /// The line where it begins, from 1.
    package let line: Int

    private let conditionTexts: ConditionTexts
    let whenServer: [CELExpression]
    let target: CELExpression?
    let vars: CELValue
    let zones: CELTimeZones

    /// The line of the file where the rule stands, for messages.
    let firstLine: String

    init(_ draft: RuleDraft, firstLine: String) {
        self.firstLine = firstLine
        name = draft.name
        description = draft.description
        isEnabled = draft.isEnabled
        trigger = draft.trigger
        waitFor = draft.waitFor
        probe = draft.probe
        healthyDelay = draft.healthyDelay
        limits = draft.limits
        maxUnhealthy = draft.extraLimits.maxUnhealthy
        after = draft.extraLimits.after
        limitKey = draft.extraLimits.key
        autonomy = draft.autonomy
        approval = draft.approval
        groupBy = draft.groupBy
        fleet = draft.fleet
        whileFiring = draft.whileFiring
        rungs = draft.rungs
        permissions = draft.permissions
        replies = draft.replies
        startsStopped = draft.startsStopped
        file = draft.file
        line = draft.line
        conditionTexts = ConditionTexts(draft.when)
        whenServer = draft.whenServer
        target = draft.target
        vars = draft.vars
        zones = draft.zones
    }

    var when: [CELExpression] { conditionTexts.expressions }

    /// Lets go of what only the compiler needs.
    func dropTrees() {
        conditionTexts.dropTrees()
    }

    /// What is compiled of the rule.
    var conditions: RuleConditions {
        RuleConditions(
            source: Array(trigger.source.utf8), isCommand: trigger.command != nil, isEnabled: isEnabled, when: when, vars: vars,
            zones: zones)
    }

    /// The conditions of `when` as they stand in the file, in their order.
    package var whenTexts: [String] { when.map(\.trimmedText) }

    /// The conditions of `when_server` as they stand in the file, in their order.
    package var whenServerTexts: [String] { whenServer.map(\.trimmedText) }

    /// Whether any rung does something to the server that the rule names, or in its place.
    package var actsOnServer: Bool { rungs.contains { $0.targetChange != nil || (hasTarget && $0.create != nil) } }

    /// Whether any rung deletes the server that the rule names.
    package var deletesTarget: Bool { rungs.contains { $0.deletesTarget } }

    /// Whether the rule is about a group: it names no server, and creates or deletes some by number.
    package var scales: Bool { !hasTarget && rungs.contains { $0.countsServers } }

    /// Whether any rung does more than tell people.
    package var isChanging: Bool { rungs.contains { $0.isChanging } }

    /// Whether the rule names a server.
    package var hasTarget: Bool { target != nil }

    /// Whether its runs are about one server, which is looked up as soon as a run begins.
    package var namesServer: Bool { hasTarget && isChanging }

    /// The names of everything that the rule may do, in the order of its steps; a name may come more than once.
    package var actionNames: [String] { rungs.flatMap { $0.steps.map(\.name) } }

    /// What a typed command is to this rule.
    ///
    /// The command's name and words are compared by bytes; what follows them are the arguments. Bounded: a text of more than
    /// 4,000 bytes is never a command.
    package func matchCommand(_ command: ChatCommand) -> CommandMatch {
        guard let wanted = trigger.command, command.name.utf8.elementsEqual(wanted.name.utf8) else { return .notThis }
        do throws(CommandLine.Problem) {
            let words = try CommandLine.words(command.text)
            guard words.count >= wanted.words.count,
                zip(words, wanted.words).allSatisfy({ $0.utf8.elementsEqual($1.utf8) })
            else { return .notThis }
            return .matched(args: try CommandLine.arguments(Array(words.dropFirst(wanted.words.count)), of: wanted))
        } catch {
            guard beginsWithWords(command.text, wanted.words) else { return .notThis }
            return .bad("\(error.message). Usage: \(wanted.usage)")
        }
    }

    /// Whether a text that can not be split begins with this command's words, so that only its own rule complains.
    private func beginsWithWords(_ text: String, _ words: [String]) -> Bool {
        let parts = text.utf8.prefix(CommandLine.maxBytes).split(separator: 0x20)
        return parts.count >= words.count && zip(parts, words).allSatisfy { $0.elementsEqual($1.utf8) }
    }

    /// The text that names the server: an id, an address, a hostname or a name. Not yet a server: see the resolver.
    ///
    /// - Throws: ``EvaluationFailure`` when the expression has no value, or none that is a text or a whole number; and of kind
    ///   `missing` when
    ///   the rule has no target or the text is empty.
    package func evaluateTarget(_ context: EvaluationContext) throws(EvaluationFailure) -> String {
        guard let target else { throw EvaluationFailure(.missing, "the rule has no target", path: "target") }
        var evaluator = CELEvaluator(variables: RuleVariables(context, vars: vars), zones: zones)
        switch try evaluator.value(of: target) {
        case .string(let text):
            guard !text.utf8.isEmpty else { throw EvaluationFailure(.missing, "the target is empty", path: target.text) }
            return text
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case let other: throw EvaluationFailure(.type, "the target is a text or a whole number, not \(other.type.title)")
        }
    }

    /// What the rule's runs are grouped by: the value of `group_by`, or the rule's name.
    ///
    /// - Throws: ``EvaluationFailure`` when `group_by` has no value that is a text or a whole number.
    package func groupName(_ context: EvaluationContext) throws(EvaluationFailure) -> String {
        guard let groupBy else { return name }
        return try groupBy.key(context)
    }

    /// Whether `when_server` holds, with every condition that was evaluated.
    package func evaluateServerConditions(
        _ context: EvaluationContext
    ) -> (verdict: Verdict, conditions: [ConditionResult]) {
        var list = ConditionList(budget: RuleSet.maxEventCost, zones: zones)
        let (verdict, conditions) = list.judge(whenServer, RuleVariables(context, vars: vars))
        return (verdict, conditions)
    }
}

/// All parts of a rule that was read without error.
struct RuleDraft {
    var name: String
    var description: String?
    var isEnabled: Bool
    var trigger: Trigger
    var waitFor: Duration?
    var probe: Probe?
    var healthyDelay: Duration
    var limits: Limits
    var extraLimits: ExtraLimits
    var autonomy: Autonomy
    var approval: Approval
    var groupBy: RuleExpression?
    var fleet: FleetSelection?
    var whileFiring: WhileFiring?
    var rungs: [Rung]
    var permissions: Permissions?
    var replies: Replies
    var startsStopped: Bool
    var file: String
    var line: Int
    var when: [CELExpression]
    var whenServer: [CELExpression]
    var target: CELExpression?
    var vars: CELValue
    var zones: CELTimeZones
}
