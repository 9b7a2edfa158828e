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
        let canonical = name == "existsOne" ? "exists_one" : name
        guard let macro = CELComprehension.Macro(rawValue: canonical) else { return nil }
        let allowed: ClosedRange<Int> = macro == .map ? 2...3 : 2...2
        guard allowed.contains(arguments.count) else {
            throw CELSyntaxError("`\(name)` takes a name and an expression", hint: "write `list.\(name)(x, …)`", span: nameSpan)
        }
        guard case .identifier(let variable, false) = arguments[0].kind else {
            throw CELSyntaxError(
                "the first argument of `\(name)` is a name for the element", hint: "write `list.\(name)(x, …)`",
                span: arguments[0].span)
        }
        var condition: CELNode?
        var result: CELNode?
        switch macro {
        case .all, .exists, .existsOne, .filter: condition = arguments[1]
        case .optMap, .optFlatMap: result = arguments[1]
        case .map:
            condition = arguments.count == 3 ? arguments[1] : nil
            result = arguments[arguments.count - 1]
        }
        return try make(
            .comprehension(
                CELComprehension(macro: macro, range: target, variable: variable, condition: condition, result: result)), span)
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
