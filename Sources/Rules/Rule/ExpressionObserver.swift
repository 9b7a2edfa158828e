package import JSON

/// A part of an expression and what it was for one event.
package struct Observation: Sendable, Hashable {
    /// What the part was.
    package enum Outcome: Sendable, Hashable {
        /// Its value as JSON; of a value that JSON has no form for, its type as text.
        case value(JSONValue)
        /// A key that is not there.
        case missing
        /// It could not be evaluated; why.
        case error(String)
    }

    /// The part as it stands in the expression.
    package let expression: String
    /// What it was.
    package let outcome: Outcome

    /// A part and what it was.
    package init(expression: String, outcome: Outcome) {
        self.expression = expression
        self.outcome = outcome
    }
}

/// Finds out what an expression looked at: the data that it reads, and the computed sides of its comparisons.
///
/// What a macro computes for each element is left out; the list that it walks is there.
struct ExpressionObserver {
    /// At most so many parts of one expression are shown.
    static let limit = 32
    /// At most so much of one value, in bytes of its JSON.
    static let maxValueBytes = 2_000

    let variables: RuleVariables
    let zones: CELTimeZones

    func observations(of expression: CELExpression) -> [Observation] {
        let bytes = Array(expression.text.utf8)
        var found: [Observation] = []
        var pending = [expression.root]
        while let node = pending.popLast(), found.count < Self.limit {
            if let data = Self.data(node) {
                if let observation = observe(data.node, data.path), !found.contains(observation) { found.append(observation) }
                continue
            }
            if case .comprehension(let loop) = node.kind {
                pending.append(loop.range)
                continue
            }
            if case .binary(let name, let left, let right) = node.kind, name.precedence == 1 {
                for side in [left, right] where Self.isComputed(side) {
                    guard let text = Self.text(side, bytes), let observation = observe(side, text) else { continue }
                    found.append(observation)
                }
            }
            pending += node.children.reversed()
        }
        return found
    }

    /// A read of data: a whole path, also the one that `has` asks for.
    private static func data(_ node: CELNode) -> (node: CELNode, path: String)? {
        guard let path = node.path else { return nil }
        guard case .select(let selection) = node.kind, selection.isTest else { return (node, path) }
        let plain = CELNode.Selection(
            operand: selection.operand, field: selection.field, isOptional: selection.isOptional, isTest: false,
            qualifiedName: selection.qualifiedName, isRooted: selection.isRooted)
        return (CELNode(.select(plain), span: node.span), path)
    }

    private static func isComputed(_ node: CELNode) -> Bool {
        switch node.kind {
        case .call, .binary, .conditional, .negate, .index: node.path == nil
        default: false
        }
    }

    private static func text(_ node: CELNode, _ bytes: [UInt8]) -> String? {
        guard node.span.upperBound <= bytes.count else { return nil }
        return String(decoding: bytes[node.span], as: UTF8.self)
    }

    /// `nil` for what has no value outside its place, such as a macro's own variable or the name of a type.
    private func observe(_ node: CELNode, _ text: String) -> Observation? {
        var evaluator = CELEvaluator(variables: variables, zones: zones)
        do throws(EvaluationFailure) {
            let value = try evaluator.evaluate(node)
            if case .type = value { return nil }
            return Observation(expression: text, outcome: Self.shown(value))
        } catch {
            switch error.kind {
            case .unknownName: return nil
            case .missing: return Observation(expression: text, outcome: .missing)
            default: return Observation(expression: text, outcome: .error(error.message))
            }
        }
    }

    private static func shown(_ value: CELValue) -> Observation.Outcome {
        if case .optional(nil) = value { return .missing }
        guard let json = try? value.json() else { return .value(.string("a value of type \(value.type.title)")) }
        let bytes = json.serialized()
        guard bytes.count > maxValueBytes else { return .value(json) }
        return .value(.string(String(decoding: bytes.prefix(maxValueBytes), as: UTF8.self) + "…"))
    }
}
