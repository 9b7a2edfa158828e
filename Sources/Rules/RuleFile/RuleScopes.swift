/// The names that a rule's expressions may use, by place.
struct RuleScopes {
    /// `when`: nothing but the event, so that it can be judged, indexed and replayed without looking at a server.
    let when: ExpressionScope
    let target: ExpressionScope
    /// `when_server`: the server is known.
    let withServer: ExpressionScope
    /// Messages and everything else that a step holds; `steps` are those before it.
    let template: ExpressionScope
    /// `fleet` and sort keys: one server of the account, as `server`.
    let eachServer: ExpressionScope
    /// `reply`: the chat is answered before any server is looked for.
    let reply: ExpressionScope
    /// Whether people call the rule, rather than an alert.
    let isCommand: Bool
    /// Whether the rule may start what the bridge did not stop.
    let startsStopped: Bool

    /// `kind` is the kind of the trigger's source, when it is known.
    init(
        vars: CELValue, command: CommandTrigger?, isCommand: Bool, hasTarget: Bool, kind: SourceKindName?,
        startsStopped: Bool = false
    ) {
        self.isCommand = isCommand
        self.startsStopped = startsStopped
        var names: [(name: String, type: StaticType)] = [
            ("event", EventSchema.event(of: kind)), ("vars", StaticType(of: vars, title: "`vars`")),
        ]
        var absent = [
            "steps": "no step has been taken yet", "slot": "only the template of a new server has one",
            "run": "only steps know the run",
            "victim": "only `drain` of `fleet.scale` has one",
            "secrets": "secrets are for the headers and the body of `http.request`",
        ]
        if isCommand {
            // A command that could not be read has reported itself: its arguments are anything.
            names.append(("args", command.map(Self.type) ?? .dyn))
        } else {
            absent["args"] = "only a rule with a command has arguments"
        }
        let early = "the server is not known yet; use `when_server`"
        when = ExpressionScope(names: names, absent: absent.merging(["server": early, "fleet": early]) { old, _ in old })
        let late = "the target is what finds the server"
        target = ExpressionScope(names: names, absent: absent.merging(["server": late, "fleet": late]) { old, _ in old })
        let unanswered = "the chat is answered before the server is looked for; use `args`"
        reply = ExpressionScope(
            names: names, absent: absent.merging(["server": unanswered, "fleet": unanswered]) { old, _ in old })
        let server = names + [("server", ServerSchema.server), ("fleet", .list(ServerSchema.server))]
        withServer = ExpressionScope(names: server, absent: absent)
        template =
            (hasTarget
            ? withServer
            : ExpressionScope(
                names: names + [("fleet", .list(ServerSchema.server))],
                absent: absent.merging(["server": "the rule has no `target`"]) { old, _ in old })).adding(
                "run", .record(title: "`run`", fields: [("id", .int), ("short_id", .string)]))
        eachServer = withServer
    }

    private init(_ other: RuleScopes, template: ExpressionScope) {
        when = other.when
        target = other.target
        withServer = other.withServer
        reply = other.reply
        eachServer = other.eachServer
        isCommand = other.isCommand
        startsStopped = other.startsStopped
        self.template = template
    }

    /// The names of a step, after these.
    func after(_ steps: [Step]) -> RuleScopes {
        // What stands inside a step sees what that step sees.
        if steps.isEmpty, template.absent["steps"] == nil { return self }
        let outputs = steps.flatMap { step -> [(name: String, type: StaticType)] in
            let own = step.id.map { (name: $0, type: StepOutput.type(of: step.action)) }
            let drain = step.drain.flatMap { drain in
                drain.id.map { (name: $0, type: StepOutput.type(of: .httpRequest(drain.request))) }
            }
            return [drain, own].compactMap(\.self)
        }
        return RuleScopes(self, template: template.adding("steps", .record(title: "`steps`", fields: outputs)))
    }

    /// The names of a new server's template.
    var creating: ExpressionScope { template.adding("slot", .int) }

    /// The names of the request before a delete.
    var draining: RuleScopes { RuleScopes(self, template: template.adding("victim", ServerSchema.server)) }

    private static func type(of command: CommandTrigger) -> StaticType {
        let fields = command.arguments.map { argument in
            let type: StaticType =
                switch argument.type {
                case .string: .string
                case .int: .int
                case .bool: .bool
                }
            return (name: argument.name, type: type)
        }
        return .record(title: "`args`", fields: fields)
    }
}

extension ExpressionScope {
    /// With one name more.
    func adding(_ name: String, _ type: StaticType) -> ExpressionScope {
        var scope = self
        scope.names.append((name, type))
        scope.absent[name] = nil
        return scope
    }
}
