package import Model

/// What one rule says about an event, with nothing left out.
package struct RuleExplanation: Sendable {
    /// Why a rule does not look at an event at all.
    package enum Bystander: String, Sendable, Hashable, CaseIterable {
        /// `enabled: false`.
        case disabled
        /// It waits for another source.
        case otherSource = "other_source"
        /// It waits for a problem, and this is none; or for a command.
        case otherStatus = "other_status"
    }

    /// The rule that was judged.
    package let rule: Rule
    /// Why the rule does not count for this event; `nil` when it does.
    package let bystander: Bystander?
    /// What the dispatcher comes to when the rule counts: all conditions together.
    package let verdict: Verdict
    /// Every condition of `when`, also those after the first false one; empty for a rule of another source.
    package let conditions: [ConditionExplanation]
}

/// What one condition says, and what it looked at.
package struct ConditionExplanation: Sendable, Hashable {
    /// As it stands in the file.
    package let expression: String
    /// What it says by itself.
    package let verdict: Verdict
    /// What it read and what it compared, in the order in which that stands.
    package let observations: [Observation]

    /// A condition that was judged.
    package init(expression: String, verdict: Verdict, observations: [Observation]) {
        self.expression = expression
        self.verdict = verdict
        self.observations = observations
    }
}

extension RuleSet {
    /// Judges an event by every rule and every condition, so that also what did nothing can be explained.
    ///
    /// The verdicts of rules that count are those of ``evaluate(_:)``. Slower than it: not for every event.
    package func explain(_ event: Event) -> [RuleExplanation] {
        var evaluated: [ObjectIdentifier: RuleEvaluation] = [:]
        for evaluation in evaluate(event) { evaluated[ObjectIdentifier(evaluation.rule)] = evaluation }
        let values = EventValues(event)
        return rules.map { $0.explain(event, values, evaluated[ObjectIdentifier($0)]) }
    }
}

extension Rule {
    fileprivate func explain(_ event: Event, _ values: EventValues, _ evaluation: RuleEvaluation?) -> RuleExplanation {
        guard event.source.utf8.elementsEqual(trigger.source.utf8) else {
            return RuleExplanation(rule: self, bystander: .otherSource, verdict: .noMatch, conditions: [])
        }
        var args: [String: CELValue] = [:]
        if let command = event.command, case .matched(let given) = matchCommand(command) { args = given }
        let variables = RuleVariables(
            event: values, vars: vars, context: trigger.command == nil ? nil : EvaluationContext(event: event, args: args))
        let observer = ExpressionObserver(variables: variables, zones: zones)
        let conditions = when.enumerated().map { index, condition in
            // A condition that was evaluated keeps the verdict that counted, also when the event's cost was what failed it.
            let known = evaluation.flatMap { $0.conditions.indices.contains(index) ? $0.conditions[index].verdict : nil }
            return ConditionExplanation(
                expression: condition.trimmedText, verdict: known ?? alone(condition, variables),
                observations: observer.observations(of: condition))
        }
        let bystander: RuleExplanation.Bystander? =
            evaluation != nil ? nil : (isEnabled ? .otherStatus : .disabled)
        return RuleExplanation(
            rule: self, bystander: bystander, verdict: evaluation?.verdict ?? together(variables), conditions: conditions)
    }

    private func alone(_ condition: CELExpression, _ variables: RuleVariables) -> Verdict {
        var list = ConditionList(budget: CELMeter.defaultLimit, zones: zones)
        return list.judge([condition], variables).0
    }

    private func together(_ variables: RuleVariables) -> Verdict {
        var list = ConditionList(budget: RuleSet.maxEventCost, zones: zones)
        return list.judge(when, variables).0
    }

    /// The conditions of `when_server`, every one of them.
    package func explainServerConditions(_ context: EvaluationContext) -> [ConditionExplanation] {
        let variables = RuleVariables(context, vars: vars)
        let observer = ExpressionObserver(variables: variables, zones: zones)
        return whenServer.map { condition in
            ConditionExplanation(
                expression: condition.trimmedText, verdict: alone(condition, variables),
                observations: observer.observations(of: condition))
        }
    }

    /// The text of `target` as it stands in the file; `nil` without one.
    package var targetText: String? { target?.trimmedText }

    /// How many conditions `when_server` has.
    package var serverConditionCount: Int { whenServer.count }
}
