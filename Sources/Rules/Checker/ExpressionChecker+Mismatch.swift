/// What to say when no form of an operator takes its operands, with the fix when there is one.
extension ExpressionChecker {
    private typealias Operand = (node: CELNode, type: StaticType)

    mutating func reportMismatch(_ name: String, _ types: [StaticType], _ nodes: [CELNode], _ node: CELNode) {
        switch name {
        case "!": requireBool(types[0], nodes[0], by: "`!`")
        case "-x": report(.typeMismatch, "`-` does not take \(types[0].title)", at: nodes[0].span)
        case "?:":
            if types[0].allows(.bool) {
                let message = "both sides of `? :` have one type, not \(types[1].title) and \(types[2].title)"
                report(.typeMismatch, message, hint: "`dyn(…)` lets them differ", at: node.span)
            } else {
                requireBool(types[0], nodes[0], by: "`? :`")
            }
        case "[]", "[?]": reportElement((nodes[0], types[0]), (nodes[1], types[1]))
        case "in": reportMembership((nodes[0], types[0]), (nodes[1], types[1]), node)
        case "==", "!=", "<", "<=", ">", ">=": reportComparison(name, (nodes[0], types[0]), (nodes[1], types[1]), node)
        default:
            // Both kinds of whole numbers have one title.
            let areAlike = types[0].title.utf8.elementsEqual(types[1].title.utf8)
            let titles = types.map { areAlike ? $0.text : $0.title }
            report(
                .typeMismatch, "`\(name)` does not take \(titles[0]) and \(titles[1])",
                hint: arithmeticHint(name, (nodes[0], types[0]), (nodes[1], types[1])), at: node.span)
        }
    }

    func comparisonHint(_ type: StaticType, _ node: CELNode) -> String? {
        if type.wrapped != nil { return "add `.orValue(false)`" }
        return node.path.map { "compare it: `\($0) == …`" }
    }

    private mutating func reportComparison(_ name: String, _ left: Operand, _ right: Operand, _ node: CELNode) {
        let isEquality = name == "==" || name == "!="
        if isEquality, let text = nullOperand(left, right) {
            let hint = text.node.path.map { "whether it is there: `has(\($0))`" }
            report(.typeMismatch, "\(text.type.title) is never null", hint: hint, at: node.span)
            return
        }
        if !isEquality, let type = left.type.type, type == right.type.type {
            report(.typeMismatch, "`\(name)` does not order \(left.type.pluralTitle)", at: node.span)
            return
        }
        let message =
            isEquality
            ? "\(left.type.title) never equals \(right.type.title)"
            : "`\(name)` does not compare \(left.type.title) with \(right.type.title)"
        report(.typeMismatch, message, hint: conversionHint(left, right) ?? conversionHint(right, left), at: node.span)
    }

    private func nullOperand(_ left: Operand, _ right: Operand) -> Operand? {
        if case .null = right.type { return left }
        if case .null = left.type { return right }
        return nil
    }

    /// How to bring a text and something else together: convert a field, or requote a constant.
    private func conversionHint(_ text: Operand, _ other: Operand) -> String? {
        if text.type.wrapped != nil { return "add `.orValue(…)`" }
        guard text.type.type == .string, let wanted = other.type.type else { return nil }
        if let path = text.node.path {
            switch wanted {
            // `double` also reads whole numbers, and numbers of all types compare with each other.
            case .int, .uint, .double: return "convert it: `double(\(path))`"
            case .timestamp, .duration: return "convert it: `\(wanted.title)(\(path))`"
            case .bool: return "compare with a text: \"true\""
            default: return nil
            }
        }
        guard case .literal(.string(let literal)) = text.node.kind else { return nil }
        switch wanted {
        case .timestamp, .duration: return "convert it: `\(wanted.title)(\"\(literal)\")`"
        case .int, .double: return CELNumberText.double(literal) == nil ? nil : "write the number without quotes: `\(literal)`"
        default: return nil
        }
    }

    private mutating func reportMembership(_ left: Operand, _ right: Operand, _ node: CELNode) {
        switch right.type {
        case .list(let element):
            report(
                .typeMismatch, "\(left.type.title) is never in a list of \(element.pluralTitle)",
                hint: conversionHint(left, (left.node, element)), at: node.span)
        case .map(let key, _):
            report(.typeMismatch, "\(left.type.title) is never a key of a map whose keys are \(key.pluralTitle)", at: node.span)
        case .record: report(.typeMismatch, "\(left.type.title) is never a key of a map whose keys are texts", at: node.span)
        case .string:
            report(
                .typeMismatch, "`in` looks in a list or a map, not in a text", hint: "use `text.contains(part)`",
                at: right.node.span)
        default:
            let hint = right.type.wrapped == nil ? nil : "add `.orValue([])`"
            report(.typeMismatch, "`in` looks in a list or a map, not in \(right.type.title)", hint: hint, at: right.node.span)
        }
    }

    private mutating func reportElement(_ container: Operand, _ key: Operand) {
        switch container.type.wrapped ?? container.type {
        case .list:
            report(.typeMismatch, "a list's index is a whole number, not \(key.type.title)", at: key.node.span)
        case .map(let wanted, _):
            report(.typeMismatch, "the map's keys are \(wanted.pluralTitle), not \(key.type.title)", at: key.node.span)
        case .record: report(.typeMismatch, "the map's keys are texts, not \(key.type.title)", at: key.node.span)
        default: report(.typeMismatch, "\(container.type.title) has no elements", at: container.node.span)
        }
    }

    private func arithmeticHint(_ name: String, _ left: Operand, _ right: Operand) -> String? {
        if left.type.wrapped != nil || right.type.wrapped != nil { return "add `.orValue(…)`" }
        if left.type.isNumber && right.type.isNumber {
            if left.type.type != .double && right.type.type != .double { return "bring them to one type: `int(…)` or `uint(…)`" }
            for operand in [left, right] {
                if case .literal(.int(let number)) = operand.node.kind { return "write `\(number).0`" }
            }
            let whole = left.type.type == .double ? right : left
            return "convert it: `double(\(whole.node.path ?? "x"))`"
        }
        if name == "+", left.type.type == .string || right.type.type == .string {
            let other = left.type.type == .string ? right : left
            if case .literal(.int(let number)) = other.node.kind { return "write `\"\(number)\"`" }
            return "convert it: `string(\(other.node.path ?? "x"))`"
        }
        for (text, other) in [(left, right), (right, left)] where text.type.type == .string && other.type.isNumber {
            if let path = text.node.path { return "convert it: `\(other.type.nonNull.text)(\(path))`" }
        }
        return nil
    }
}

extension StaticType {
    /// Several of them, for messages to people.
    var pluralTitle: String {
        switch nonNull {
        case .bool: "true or false"
        case .int, .uint: "whole numbers"
        case .double: "numbers"
        case .string: "texts"
        case .bytes: "byte strings"
        case .timestamp: "timestamps"
        case .duration: "durations"
        case .list: "lists"
        case .map, .record: "maps"
        case .null: "null"
        case .typeValue: "types"
        case .abstract(Self.optionalName, _): "optionals"
        default: "other values"
        }
    }
}
