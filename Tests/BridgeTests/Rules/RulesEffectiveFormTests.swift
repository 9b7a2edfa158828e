import Model
import Testing

@testable import Rules

/// `check --print`: what a rule is with everything filled in, as a rule file that loads again to the same rule.
@Suite("rules: the effective form")
struct RulesEffectiveFormTests {
    private func load(_ text: String, floor: Limits = Limits()) throws -> RuleSet {
        var floor = floor
        floor.prices = RulesEveryKey.floor.prices
        let load = RulesFixture.load(text, sources: ["alertmanager", "slack"], floor: floor)
        return try #require(load.ruleSet, "\(load.diagnostics.rendered)\n\(text)")
    }

    private func shippedAndEveryKey() throws -> [String] {
        let folder = RulesFiles.root + "/rules"
        let names = RulesFiles.names(in: folder).filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml") }
        return [RulesEveryKey.supported] + names.compactMap { RulesFiles.text("\(folder)/\($0)") }
    }

    @Test("it loads again, to the same rules and to the same form")
    func roundTrip() throws {
        for text in try shippedAndEveryKey() {
            for floor in [Limits(), .none, Limits(cooldown: .seconds(60), maxConcurrent: 4)] {
                let first = try load(text, floor: floor)
                let second = try load(first.effectiveForm(), floor: floor)
                #expect(second.rules.map { RulesShape.of($0) } == first.rules.map { RulesShape.of($0) })
                let forms = [first, second].map { Self.withoutPlaces($0.effectiveForm()) }
                #expect(forms[0] == forms[1])
            }
        }
    }

    @Test("a rule that says as little as it can, with all that it leaves out")
    func smallest() throws {
        let form = try load(RulesFixture.alertRule("autonomy: -")).effectiveForm()
        #expect(
            form == """
                version: 1
                rules:
                  # rules/web.yaml:4
                  - name: host-down
                    enabled: true
                    trigger:
                      source: alertmanager
                      status: problem
                    when:
                      - 'event.labels.severity == "critical"'
                    target: event.labels.instance
                    healthy_delay: 2m
                    limits:
                      cooldown: 30m
                      budgets:
                        - max: 3
                          per: 1d
                      max_event_age: 15m
                      settle: 1m
                    autonomy: approve
                    approval:
                      required: 1
                      self_approval: false
                      timeout: 30m
                    escalation:
                      - timeout: 10m
                        actions:
                          - action: server.reboot

                """)
    }

    @Test("no rules")
    func empty() throws {
        #expect(try load("version: 1\nrules: []\n").effectiveForm() == "version: 1\nrules: []\n")
    }

    @Test(
        "texts that YAML could take for something else read back as they are",
        arguments: [
            "", " ", "yes", "no", "on", "null", "~", "true", "1", "1.5", "0x1F", "1:30", "a: b", "a #b", "#a", "- a", "?", "!a",
            "&a",
            "*a", "{a}", "[a]", "'", "\"", "'a' \"b\"", "a\nb", "a\n", "\ta", "\r\n", "\u{0}\u{1}\u{1B}",
            "\u{85}\u{2028}\u{FEFF}",
            "\u{E4}\u{1F600}", "e\u{301}", "%", "@a", "`a`", "a\\b", "=", "<<", ">-", "|", "---", "...", "a ", "1e3", ".inf",
            "2001-01-01", "a:", ":a", ",", "%YAML",
        ])
    func texts(_ text: String) throws {
        let lines = YAMLText.mapping([("k", .text(text)), (text.isEmpty ? "e" : text, .list([.text(text), .int(1)]))]).lines()
        let (node, problems) = YAMLDocument.parse(text: lines.joined(separator: "\n"), file: "f")
        #expect(problems.map(\.rendered) == [])
        guard case .mapping(let entries)? = node?.content, entries.count == 2,
            case .sequence(let items) = entries[1].value.content
        else {
            Issue.record("not a mapping of two: \(lines)")
            return
        }
        for scalar in [entries[0].value.scalar, items[0].scalar] {
            #expect(Array((scalar?.text ?? "?").utf8) == Array(text.utf8))
            if case .string? = scalar?.value { continue }
            Issue.record("\(text) is no text any more")
        }
    }

    private static func withoutPlaces(_ form: String) -> [Substring] {
        form.split(separator: "\n").filter { !$0.hasPrefix("  # ") }
    }
}

/// Everything a rule holds but the place where it stands, as text.
enum RulesShape {
    static func of(_ rule: Rule) -> [String] {
        var shape: [String] = ["\(rule.name) \(rule.description ?? "-") \(rule.isEnabled) \(rule.trigger.source)"]
        switch rule.trigger.kind {
        case .event(let statuses): shape.append("\(statuses.map(\.rawValue).sorted())")
        case .schedule(let cron): shape.append("\(cron)")
        case .command(let command):
            shape.append("\(command.name) \(command.words)")
            for argument in command.arguments {
                shape.append(
                    "\(argument.name) \(argument.type) \(argument.isRequired) \(String(describing: argument.defaultValue)) "
                        + "\(argument.maxLength) \(argument.pattern?.source ?? "-")")
            }
        }
        shape += rule.when.map(\.trimmedText) + ["/"] + rule.whenServer.map(\.trimmedText)
        shape += ["\(rule.vars)", "\(String(describing: rule.waitFor)) \(String(describing: rule.probe)) \(rule.healthyDelay)"]
        shape += ["\(rule.limits)", "\(rule.autonomy)", "\(rule.approval.approvers.users.sorted()) \(rule.approval.required)"]
        shape += ["\(rule.approval.allowsSelfApproval) \(rule.approval.timeout) \(rule.approval.via ?? "-")"]
        shape += [rule.approval.message?.source ?? "-", rule.target?.trimmedText ?? "-", rule.groupBy?.text ?? "-"]
        shape += [rule.fleet?.select.text ?? "-", "\(rule.fleet?.deletesCreated ?? false)", rule.replies.accepted?.source ?? "-"]
        shape += ["\(rule.startsStopped) \(rule.replies.skipped?.source ?? "-") \(rule.replies.failed?.source ?? "-")"]
        shape += ["\(rule.permissions?.users.sorted() ?? []) \(rule.permissions?.channels.sorted() ?? [])"]
        shape += [
            "\(rule.permissions?.groups ?? []) \(rule.approval.approvers.groups) \(rule.after) \(String(describing: rule.whileFiring))"
        ]
        return shape + rule.rungs.flatMap { rung in ["rung \(rung.timeout)"] + rung.steps.flatMap { of($0) } }
    }

    private static func of(_ step: Step) -> [String] {
        let options =
            "\(step.id ?? "-") \(step.name) \(step.condition?.text ?? "-") \(of(step.timeout, step.retry, step.expect)) "
            + "\(String(describing: step.waitFor))"
        switch step.action {
        case .server(let action): return [options, action.rawValue]
        case .wait(let span): return [options, "\(span)"]
        case .pause(let pause): return [options, "\(pause.scope) \(String(describing: pause.span))", pause.reason.source]
        case .delete, .read(.get): return [options]
        case .read(.list(let status, let location)): return [options, status?.source ?? "-", location?.source ?? "-"]
        case .create(let create): return [options, of(create.template.body.root), "\(create.waitFor)"]
        case .fields(let fields): return [options, "\(fields.replaces)", of(fields.body.root)]
        case .notify(let message): return [options, message.channel, message.text.source]
        case .httpRequest(let request): return [options] + of(request)
        case .scale(let scale):
            let drain = scale.drain.map { of($0.request) + [of($0.timeout, $0.retry, $0.expect)] } ?? []
            let template = scale.template.map { of($0.body.root) } ?? "-"
            return [options, "\(scale.min) \(scale.max) \(scale.delta) \(of(scale.victim)) \(scale.waitFor)", template] + drain
        }
    }

    private static func of(_ timeout: Duration?, _ retry: StepRetry?, _ expect: StepExpectation?) -> String {
        let tries = retry.map { "\($0.attempts) \($0.initialDelay) \($0.maxDelay) \($0.statuses.sorted())" }
        return "\(String(describing: timeout)) \(tries ?? "-") \(expect?.statuses.sorted() ?? [])"
    }

    private static func of(_ victim: FleetScale.Victim) -> String {
        if case .key(let expression) = victim { expression.text } else { "\(victim)" }
    }

    private static func of(_ request: HTTPRequestStep) -> [String] {
        var shape = [request.method, request.url.source]
        shape += request.headers.map { "\($0.name): \($0.value.source)" } + request.query.map { "\($0.name)=\($0.value.source)" }
        switch request.body {
        case .none: shape.append("none")
        case .json(let tree): shape.append("json \(of(tree.root))")
        case .text(let text): shape.append("text \(text.source)")
        }
        return shape
    }

    private static func of(_ node: ValueTemplate.Node) -> String {
        switch node {
        case .template(let template): "<\(template.source)>"
        case .list(let items): "[\(items.map { of($0) }.joined(separator: ","))]"
        case .map(let members): "{\(members.map { "\($0.name):\(of($0.value))" }.joined(separator: ","))}"
        default: "\(node)"
        }
    }
}
