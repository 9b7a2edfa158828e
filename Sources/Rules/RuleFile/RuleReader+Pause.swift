/// `pause`: what a rule stops, why, and for how long.
extension RuleReader {
    func readPause(_ with: RuleFields, _ scopes: RuleScopes) -> PauseStep? {
        let reason = with.required("reason", hint: "write `reason: why`").flatMap {
            readTemplate($0, "`reason`", scopes.template)
        }
        let span = with.span("for")
        guard let scope = readPauseScope(with), let reason else { return nil }
        return PauseStep(scope: scope, reason: reason, span: span)
    }

    private func readPauseScope(_ with: RuleFields) -> PauseStep.Scope? {
        guard let node = with["scope"] else { return .all }
        guard node.isMapping else {
            guard let word = with.choice("scope", node) else { return nil }
            return word.utf8.elementsEqual("server".utf8) ? .server : .all
        }
        guard let own = RuleFields(node, RuleTables.pauseScope, collector), let place = own.required("rule"),
            let name = place.string("`rule`", collector)
        else { return nil }
        guard RuleNames.isRuleName(name) else {
            report(place.diagnostic(.badName, "`\(name)` can not be a rule's name"))
            return nil
        }
        return .rule(name)
    }
}
