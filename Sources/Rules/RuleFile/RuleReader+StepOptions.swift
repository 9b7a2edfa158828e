/// What a step may say besides its action: `timeout`, `retry`, `expect` and `wait_for`.
struct StepOptions {
    var timeout: Duration?
    var retry: StepRetry?
    var expect: StepExpectation?
    var waitFor: StepWait?
}

extension RuleReader {
    /// Which keys are for which action.
    func checkKeys(_ fields: RuleFields, _ name: ActionName) {
        for key in ["timeout", "retry", "expect"] where fields[key] != nil && name != .request {
            var hint: String?
            if key == "retry" {
                if name == .list || name == .get { continue }
                if name.isServerChange { hint = "what is safe to repeat is repeated by itself" }
            }
            if key == "timeout" { hint = "how long an effect is waited for is `timeout` of the rung" }
            if key == "timeout", name == .create || name == .get { hint = "write `wait_for: {status: active, timeout: 10m}`" }
            report(
                fields.place(key).diagnostic(.badStep, "`\(key)` is for `http.request`, not for `\(name.rawValue)`", hint: hint))
        }
        if fields["wait_for"] != nil, name != .scale, name != .create, name != .get {
            let hint = name == .request ? "write `expect` for its answer" : "the effect of a server action is waited for anyway"
            report(
                fields.place("wait_for").diagnostic(
                    .badStep, "`wait_for` is for `fleet.scale`, not for `\(name.rawValue)`", hint: hint))
        }
        if fields["id"] != nil, name == .notify {
            report(fields.place("id").diagnostic(.badStep, "a message has no outcome that could be read", hint: "remove `id`"))
        }
    }

    func readOptions(_ fields: RuleFields, _ name: ActionName) -> StepOptions {
        switch name {
        case .request:
            StepOptions(
                timeout: fields.span("timeout") ?? HTTPRequestStep.defaultTimeout, retry: readRetry(fields),
                expect: readExpectation(fields) ?? .standard)
        case .list: StepOptions(retry: readRetry(fields))
        case .get: StepOptions(retry: readRetry(fields), waitFor: readWaitFor(fields))
        case .scale, .create: StepOptions(waitFor: readWaitFor(fields) ?? FleetScale.defaultWait)
        default: StepOptions()
        }
    }

    private func readRetry(_ fields: RuleFields) -> StepRetry? {
        guard let node = fields["retry"] else { return nil }
        guard node.isMapping else {
            return fields.int("retry", node).map { StepRetry(attempts: $0, initialDelay: .seconds(1), maxDelay: .seconds(30)) }
        }
        guard let own = RuleFields(node, RuleTables.retry, collector) else { return nil }
        let attempts = own.required("attempts").flatMap { own.int("attempts", $0) }
        let initialDelay = own.span("initial_delay") ?? .seconds(1)
        let maxDelay = own.span("max_delay") ?? max(initialDelay, .seconds(30))
        if initialDelay > maxDelay {
            report(own.place("max_delay").diagnostic(.outOfRange, "`max_delay` is shorter than `initial_delay`"))
        }
        let statuses = readStatuses(own, "statuses", in: 400...599) ?? StepRetry.defaultStatuses
        return attempts.map {
            StepRetry(attempts: $0, initialDelay: initialDelay, maxDelay: maxDelay, statuses: statuses)
        }
    }

    private func readExpectation(_ fields: RuleFields) -> StepExpectation? {
        guard let node = fields["expect"] else { return nil }
        guard node.isMapping else {
            return readStatuses(fields, "expect", in: RuleTables.httpStatus).map { StepExpectation(statuses: $0) }
        }
        guard let own = RuleFields(node, RuleTables.expect, collector), own.required("status") != nil else { return nil }
        return readStatuses(own, "status", in: RuleTables.httpStatus).map { StepExpectation(statuses: $0) }
    }

    private func readStatuses(_ fields: RuleFields, _ key: String, in range: ClosedRange<Int>) -> Set<Int>? {
        guard let node = fields[key], let items = fields.items(key, orOne: true) else { return nil }
        if items.isEmpty { report(node.diagnostic(.outOfRange, "`\(key)` is empty")) }
        return Set(items.compactMap { $0.int("a status of `\(key)`", in: range, collector) })
    }

    private func readWaitFor(_ fields: RuleFields) -> StepWait? {
        guard let node = fields["wait_for"] else { return nil }
        guard node.isMapping else {
            return fields.choice("wait_for", node).map { StepWait(status: $0, timeout: FleetScale.defaultWait.timeout) }
        }
        guard let own = RuleFields(node, RuleTables.waitFor, collector) else { return nil }
        return StepWait(
            status: own.choice("status") ?? FleetScale.defaultWait.status,
            timeout: own.span("timeout") ?? FleetScale.defaultWait.timeout)
    }

    /// The answer, the tries and the time of a step, for a request that stands inside another one.
    func readDrain(_ fields: RuleFields, _ scopes: RuleScopes) -> FleetDrain? {
        guard let node = fields["drain"] else { return nil }
        let (step, name, place) = readStep(node, after: [], scopes.draining)
        if let name, name != .request {
            report(
                (place ?? node).diagnostic(
                    .badStep, "`drain` is an `http.request`, not `\(name.rawValue)`",
                    hint: "write `drain: {action: http.request, with: {url: …}}`"))
        }
        if let step, step.condition != nil { report(node.diagnosticAtStart(.badStep, "`drain` has no `if`")) }
        guard let step, case .httpRequest(let request) = step.action else { return nil }
        return FleetDrain(
            id: step.id, request: request, timeout: step.timeout ?? HTTPRequestStep.defaultTimeout, retry: step.retry,
            expect: step.expect ?? .standard)
    }
}

extension StepRetry {
    init(attempts: Int, initialDelay: Duration, maxDelay: Duration) {
        self.init(attempts: attempts, initialDelay: initialDelay, maxDelay: maxDelay, statuses: Self.defaultStatuses)
    }
}
