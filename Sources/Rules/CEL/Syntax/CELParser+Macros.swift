/// The macros: calls whose arguments are not values but names and expressions.
extension CELParser {
    /// The macro that a call is; `nil` when it is an ordinary call.
    mutating func macro(
        _ name: String, target: CELNode?, arguments: [CELNode], nameSpan: Range<Int>, span: Range<Int>
    ) throws(CELSyntaxError) -> CELNode? {
        guard let target else {
            guard name == "has" else { return nil }
            return try presence(arguments, nameSpan: nameSpan, span: span)
        }
        if name == "bind", case .identifier("cel", _) = target.kind { return try binding(arguments, nameSpan, span) }
        guard let macro = CELComprehension.Macro(name: name) else { return nil }
        let (names, bodies) = try split(macro, name, arguments, nameSpan)
        var condition: CELNode?
        var result: CELNode?
        switch macro {
        case .all, .exists, .existsOne, .filter: condition = bodies[0]
        case .optMap, .optFlatMap: result = bodies[0]
        case .map, .transformList, .transformMap, .transformMapEntry:
            condition = bodies.count == 2 ? bodies[0] : nil
            result = bodies[bodies.count - 1]
        }
        return try make(
            .comprehension(
                CELComprehension(
                    macro: macro, range: target, variable: names[0], secondVariable: names.count == 2 ? names[1] : nil,
                    condition: condition, result: result)), span)
    }

    /// The macro's names and what is evaluated with them.
    private func split(
        _ macro: CELComprehension.Macro, _ written: String, _ arguments: [CELNode], _ nameSpan: Range<Int>
    ) throws(CELSyntaxError) -> (names: [String], bodies: [CELNode]) {
        let count = arguments.count
        let names: Int
        switch macro {
        case .all, .exists, .existsOne: names = count == 2 || count == 3 ? count - 1 : 0
        case .map: names = count == 2 || count == 3 ? 1 : 0
        case .filter, .optMap, .optFlatMap: names = count == 2 ? 1 : 0
        case .transformList, .transformMap, .transformMapEntry: names = count == 3 || count == 4 ? 2 : 0
        }
        guard names > 0 else { throw wrongCount(macro, written, nameSpan) }
        var variables: [String] = []
        for argument in arguments[..<names] {
            guard case .identifier(let variable, false) = argument.kind else {
                let places = names == 1 ? "the first argument" : "the first two arguments"
                throw CELSyntaxError(
                    "\(places) of `\(written)` \(names == 1 ? "is a name" : "are names") for the element",
                    hint: Self.form(macro, written), span: argument.span)
            }
            guard !variables.contains(where: { $0.utf8.elementsEqual(variable.utf8) }) else {
                throw CELSyntaxError("`\(written)` needs two different names", span: argument.span)
            }
            variables.append(variable)
        }
        return (variables, Array(arguments[names...]))
    }

    private func wrongCount(
        _ macro: CELComprehension.Macro, _ written: String, _ span: Range<Int>
    ) -> CELSyntaxError {
        switch macro {
        case .transformList, .transformMap, .transformMapEntry:
            CELSyntaxError("`\(written)` takes two names and an expression", hint: Self.form(macro, written), span: span)
        default: CELSyntaxError("`\(written)` takes a name and an expression", hint: Self.form(macro, written), span: span)
        }
    }

    private static func form(_ macro: CELComprehension.Macro, _ written: String) -> String {
        switch macro {
        case .transformList, .transformMap, .transformMapEntry: "write `map.\(written)(k, v, …)`"
        default: "write `list.\(written)(x, …)`"
        }
    }

    /// `cel.bind(name, value, body)`.
    private mutating func binding(
        _ arguments: [CELNode], _ nameSpan: Range<Int>, _ span: Range<Int>
    ) throws(CELSyntaxError) -> CELNode {
        guard arguments.count == 3, case .identifier(let name, false) = arguments[0].kind else {
            throw CELSyntaxError(
                "`cel.bind` takes a name, its value, and the expression that uses it", hint: "write `cel.bind(x, value, …)`",
                span: arguments.first?.span ?? nameSpan)
        }
        return try make(.binding(CELBinding(name: name, value: arguments[1], body: arguments[2])), span)
    }

    /// `has(x.y)`.
    private mutating func presence(
        _ arguments: [CELNode], nameSpan: Range<Int>, span: Range<Int>
    ) throws(CELSyntaxError) -> CELNode {
        guard arguments.count == 1, case .select(let selection) = arguments[0].kind, !selection.isTest else {
            throw CELSyntaxError(
                "`has` takes one field", hint: "write `has(event.labels.name)`; for other keys, `\"key\" in map`",
                span: arguments.first?.span ?? nameSpan)
        }
        let test = CELNode.Selection(
            operand: selection.operand, field: selection.field, isOptional: selection.isOptional, isTest: true,
            qualifiedName: selection.qualifiedName, isRooted: selection.isRooted)
        return try make(.select(test), span)
    }
}
