package import JSON
package import Model

/// What an expression of a rule can see, besides the rule's own `vars`.
package struct EvaluationContext: Sendable {
    /// The event that the rule matched.
    package var event: Event
    /// A command's arguments, by the names that the rule declares.
    package var args: [String: CELValue]
    /// The one server that the rule is about, once it is known.
    package var server: Server?
    /// All servers of the account; `nil` when they could not be read, so that nothing is decided on an account that looks empty.
    package var fleet: [Server]?
    /// What earlier steps of the rung gave, by their ids: see ``StepOutput``.
    package var steps: [String: JSONValue]
    /// The number of a server that is being created; only its template sees it.
    package var slot: Int?
    /// The server that is about to be deleted; only `drain` sees it.
    package var victim: Server?
    /// The run; `nil` before there is one.
    package var run: RunNames?

    /// What is not given has no value in expressions; `fleet` and `steps` are empty.
    package init(
        event: Event, args: [String: CELValue] = [:], server: Server? = nil, fleet: [Server]? = [],
        steps: [String: JSONValue] = [:], slot: Int? = nil, victim: Server? = nil, run: RunNames? = nil
    ) {
        self.event = event
        self.args = args
        self.server = server
        self.fleet = fleet
        self.steps = steps
        self.slot = slot
        self.victim = victim
        self.run = run
    }
}

/// What a run is called in expressions, as `run`.
package struct RunNames: Sendable, Hashable {
    package let id: Int64
    /// Lower-case letters and digits; of no other run, so that names can be made from it.
    package let shortID: String

    package init(id: Int64, shortID: String) {
        self.id = id
        self.shortID = shortID
    }
}

/// The names of a rule's expressions. Not shared between threads.
final class RuleVariables: CELVariables {
    private let event: EventValues
    private let vars: CELValue
    private let context: EvaluationContext?
    private var made: [String: CELValue] = [:]

    /// Without a context, only `event` and `vars` have values.
    init(event: EventValues, vars: CELValue, context: EvaluationContext? = nil) {
        self.event = event
        self.vars = vars
        self.context = context
    }

    convenience init(_ context: EvaluationContext, vars: CELValue) {
        self.init(event: EventValues(context.event), vars: vars, context: context)
    }

    func value(named name: String) -> CELValue? {
        if let known = made[name] ?? event.value(named: name) { return known }
        if name == "vars" { return vars }
        guard let context else { return nil }
        switch name {
        case "args":
            let sorted = context.args.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            made[name] = .map(CELMap(texts: sorted.map { ($0.key, $0.value) }))
        case "server": made[name] = context.server.map { ServerValues.value(of: $0) }
        case "steps":
            let sorted = context.steps.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            made[name] = .map(CELMap(texts: sorted.map { ($0.key, CELValue($0.value)) }))
        case "slot": made[name] = context.slot.map { .int(Int64($0)) }
        case "run":
            made[name] = context.run.map { run in
                .map(CELMap(texts: [("id", .int(run.id)), ("short_id", .string(run.shortID))]))
            }
        case "victim": made[name] = context.victim.map { ServerValues.value(of: $0) }
        case "fleet": made[name] = context.fleet.map { fleet in .list(fleet.map { ServerValues.value(of: $0) }) }
        default: break
        }
        return made[name]
    }
}
