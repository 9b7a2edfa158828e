package import Model

/// What an expression of a rule can see, besides the rule's own `vars`.
package struct EvaluationContext: Sendable {
    /// The event that the rule matched.
    package var event: Event
    /// A command's arguments, by the names that the rule declares.
    package var args: [String: CELValue]
    /// The one server that the rule is about, once it is known.
    package var server: Server?
    /// All servers of the account.
    package var fleet: [Server]

    /// What is not given has no value in expressions, and `fleet` is empty.
    package init(event: Event, args: [String: CELValue] = [:], server: Server? = nil, fleet: [Server] = []) {
        self.event = event
        self.args = args
        self.server = server
        self.fleet = fleet
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
        case "fleet": made[name] = .list(context.fleet.map { ServerValues.value(of: $0) })
        default: break
        }
        return made[name]
    }
}
