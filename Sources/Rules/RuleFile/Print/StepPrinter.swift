/// Rungs and steps in their effective form.
enum StepPrinter {
    typealias Entries = RulePrinter.Entries

    static func text(_ rung: Rung) -> YAMLText {
        var entries: Entries = []
        if rung.isChanging { entries.append(("timeout", .span(rung.timeout))) }
        entries.append(("actions", .list(rung.steps.map { text($0) })))
        return .mapping(entries)
    }

    private static func text(_ step: Step) -> YAMLText {
        var entries: Entries = []
        if let id = step.id { entries.append(("id", .text(id))) }
        entries.append(("action", .text(step.name)))
        switch step.action {
        case .server, .delete, .read(.get), .wait: break
        case .read(.list(let status, let location)):
            let filters: Entries = [("status", status), ("location", location)].compactMap { name, template in
                template.map { (name, .text($0.source)) }
            }
            if !filters.isEmpty { entries.append(("with", .mapping(filters))) }
        case .create(let create): entries.append(("with", text(create.template.body.root)))
        case .fields(let fields): entries.append(("with", text(fields.body.root)))
        case .scale(let scale): entries.append(("with", .mapping(with(scale))))
        case .httpRequest(let request): entries.append(("with", .mapping(with(request))))
        case .pause(let pause): entries.append(("with", .mapping(with(pause))))
        case .notify(let message):
            entries.append(("with", .mapping([("channel", .text(message.channel)), ("text", .text(message.text.source))])))
        }
        if case .wait(let span) = step.action { entries.append(("with", .mapping([("for", .span(span))]))) }
        if let condition = step.condition { entries.append(("if", .text(condition.text))) }
        entries += options(timeout: step.timeout, retry: step.retry, expect: step.expect)
        if let wait = step.waitFor {
            entries.append(("wait_for", .mapping([("status", .text(wait.status)), ("timeout", .span(wait.timeout))])))
        }
        return .mapping(entries)
    }

    /// 200 to 299 is not written out.
    private static func options(timeout: Duration?, retry: StepRetry?, expect: StepExpectation?) -> Entries {
        var entries: Entries = []
        if let timeout { entries.append(("timeout", .span(timeout))) }
        if let retry {
            entries.append(
                (
                    "retry",
                    .mapping([
                        ("attempts", .int(retry.attempts)), ("initial_delay", .span(retry.initialDelay)),
                        ("max_delay", .span(retry.maxDelay)), ("statuses", .list(retry.statuses.sorted().map { .int($0) })),
                    ])
                ))
        }
        if let expect, expect != .standard {
            entries.append(("expect", .mapping([("status", .list(expect.statuses.sorted().map { .int($0) }))])))
        }
        return entries
    }

    private static func with(_ request: HTTPRequestStep) -> Entries {
        var entries: Entries = [("method", .text(request.method)), ("url", .text(request.url.source))]
        if !request.headers.isEmpty {
            entries.append(("headers", .mapping(request.headers.map { ($0.name, .text($0.value.source)) })))
        }
        if !request.query.isEmpty {
            entries.append(("query", .mapping(request.query.map { ($0.name, .text($0.value.source)) })))
        }
        switch request.body {
        case .none: break
        case .json(let tree): entries.append(("json", text(tree.root)))
        case .text(let text): entries.append(("body", .text(text.source)))
        }
        return entries
    }

    private static func with(_ pause: PauseStep) -> Entries {
        var entries: Entries = [("reason", .text(pause.reason.source))]
        if let span = pause.span { entries.append(("for", .span(span))) }
        switch pause.scope {
        case .all: entries.append(("scope", .text("all")))
        case .server: entries.append(("scope", .text("server")))
        case .rule(let name): entries.append(("scope", .mapping([("rule", .text(name))])))
        }
        return entries
    }

    private static func with(_ scale: FleetScale) -> Entries {
        var entries: Entries = [("min", .int(scale.min)), ("max", .int(scale.max)), ("delta", .int(scale.delta))]
        if let template = scale.template { entries.append(("template", text(template.body.root))) }
        guard scale.delta < 0 else { return entries }
        switch scale.victim {
        case .newest: entries.append(("victim", .text("newest")))
        case .oldest: entries.append(("victim", .text("oldest")))
        case .key(let expression): entries.append(("victim", .text(expression.text)))
        }
        if let drain = scale.drain {
            var own: Entries = []
            if let id = drain.id { own.append(("id", .text(id))) }
            own.append(("action", .text(ActionName.request.rawValue)))
            own.append(("with", .mapping(with(drain.request))))
            entries.append(("drain", .mapping(own + options(timeout: drain.timeout, retry: drain.retry, expect: drain.expect))))
        }
        return entries
    }

    private static func text(_ node: ValueTemplate.Node) -> YAMLText {
        switch node {
        case .null: .plain("null")
        case .bool(let flag): .bool(flag)
        case .int(let number): .plain(String(number))
        case .double(let number): .plain(RulePrinter.text(number))
        case .template(let template): .text(template.source)
        case .list(let items): .list(items.map { text($0) })
        case .map(let members): .mapping(members.map { ($0.name, text($0.value)) })
        }
    }
}
