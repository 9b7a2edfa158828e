import JSON
import Model

@testable import Rules

/// One evaluation, by whatever means.
struct RulesOutcome: Equatable {
    /// The value in words that tell everything apart, or the failure's kind, path, place and message.
    let text: String
    /// In tenths of a unit.
    let cost: Int

    init(_ value: CELValue, cost: Int) {
        text = Self.words(value)
        self.cost = cost
    }

    init(_ failure: EvaluationFailure, cost: Int) {
        text = "\(failure.kind) \(failure.path ?? "-") at \(failure.offset ?? -1): \(failure.message)"
        self.cost = cost
    }

    /// Type and value alike: 1 is not 1.0, NaN is NaN, -0.0 is not 0.0.
    static func words(_ value: CELValue) -> String {
        switch value {
        case .double(let number): return number.isNaN ? "double NaN" : "double \(number)"
        case .string(let text): return "string \(Array(text.utf8))"
        case .list(let items): return "[" + items.map(words).joined(separator: ", ") + "]"
        case .map(let map):
            return "{" + map.entries.map { words($0.key) + ": " + words($0.value) }.joined(separator: ", ") + "}"
        case .optional(let inner): return "optional(\(inner.map(words) ?? "none"))"
        default: return "\(value.type) \(value)"
        }
    }
}

/// Compiles and runs single expressions, beside the tree evaluator.
enum RulesProgramRunner {
    static func tree(
        _ expression: CELExpression, _ variables: any CELVariables, zones: CELTimeZones = .fixedOffsetsOnly,
        container: String = "", limit: Int = CELMeter.defaultLimit
    ) -> RulesOutcome {
        var evaluator = CELEvaluator(variables: variables, zones: zones, container: container, limit: limit)
        do throws(EvaluationFailure) {
            let value = try evaluator.value(of: expression)
            return RulesOutcome(value, cost: evaluator.meter.spentTenths)
        } catch {
            return RulesOutcome(error, cost: evaluator.meter.spentTenths)
        }
    }

    /// Runs the expression with all names looked up while it runs.
    static func compiled(
        _ expression: CELExpression, _ variables: any CELVariables, _ options: ProgramOptions = ProgramOptions(),
        container: String = "", limit: Int = CELMeter.defaultLimit
    ) -> RulesOutcome {
        let builder = ProgramStoreBuilder()
        let program = ProgramCompiler.compile(expression, into: builder, options)
        let store = ProgramStore(builder)
        let table = JSONSlotTable(tree: store.tree)
        table.begin()
        var machine = ProgramMachine(store: store, slots: table.slots, rules: ConditionTable(zones: [options.zones]))
        machine.reading = table.reading
        machine.variables = variables
        machine.containers = CELEvaluator(variables: variables, container: container).containers
        return run(program, &machine, limit)
    }

    /// Runs the expression over an event, its parts read from slots.
    static func compiled(_ expression: CELExpression, _ event: Event, _ options: ProgramOptions) -> RulesOutcome {
        compiled(expression, options) { table in
            let reader = EventReader(table: table)
            reader.read(event)
            return reader
        }
    }

    /// Runs the expression over a JSON document, its parts read from slots.
    static func compiled(_ expression: CELExpression, document: [UInt8], _ options: ProgramOptions) throws -> RulesOutcome {
        var failure: (any Error)?
        let outcome = compiled(expression, options) { table in
            let reader = DocumentReader(table: table)
            document.withUnsafeBytes { bytes in
                do { try reader.read(bytes, limits: .standard) } catch { failure = error }
            }
            return reader
        }
        if let failure { throw failure }
        return outcome
    }

    private static func compiled(
        _ expression: CELExpression, _ options: ProgramOptions, _ read: (JSONSlotTable) -> any SlotReader
    ) -> RulesOutcome {
        var options = options
        options.eventName = "event"
        let builder = ProgramStoreBuilder()
        _ = builder.rootPath("event")
        let program = ProgramCompiler.compile(expression, into: builder, options)
        let store = ProgramStore(builder)
        let table = JSONSlotTable(tree: store.tree)
        var machine = ProgramMachine(store: store, slots: table.slots, rules: ConditionTable(zones: [options.zones]))
        machine.reader = read(table)
        machine.reading = table.reading
        return run(program, &machine, CELMeter.defaultLimit)
    }

    private static func run(_ program: Int32, _ machine: inout ProgramMachine, _ limit: Int) -> RulesOutcome {
        let isComplete = machine.run(program, limit: limit)
        let cost = machine.meter.spentTenths
        defer { machine.clean() }
        return isComplete ? RulesOutcome(machine.value(0), cost: cost) : RulesOutcome(machine.failure, cost: cost)
    }
}
