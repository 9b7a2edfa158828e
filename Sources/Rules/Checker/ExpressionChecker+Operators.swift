/// Operators between types that are known.
extension ExpressionChecker {
    mutating func infer(_ name: CELOperator, _ left: CELNode, _ right: CELNode, _ node: CELNode) -> StaticType {
        let leftType = infer(left)
        let rightType = infer(right)
        switch name {
        case .equal, .notEqual:
            checkStatus(left, right)
            checkComparable(name, (left, leftType), (right, rightType), node)
            return .plain(.bool)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            checkComparable(name, (left, leftType), (right, rightType), node)
            return .plain(.bool)
        case .in:
            checkMembership((left, leftType), (right, rightType), node)
            return .plain(.bool)
        case .add, .subtract, .multiply, .divide, .remainder:
            return arithmetic(name, (left, leftType), (right, rightType), node)
        }
    }

    /// `event.status` has four values; comparing it with another is the commonest rule that never fires.
    private mutating func checkStatus(_ left: CELNode, _ right: CELNode) {
        for (path, literal) in [(left, right), (right, left)] {
            guard path.path == "event.status", case .literal(.string(let text)) = literal.kind,
                !["problem", "resolved", "command", "notice"].contains(where: { $0.utf8.elementsEqual(text.utf8) })
            else { continue }
            let words: [String: String] = ["firing": "problem", "alerting": "problem", "ok": "resolved", "down": "problem"]
            let hint = words[text].map { "whatever the sender says, here it is \"\($0)\"" }
            report(
                .unknownValue, "`event.status` is never \"\(text)\"",
                hint: hint ?? "it is \"problem\", \"resolved\", \"command\" or \"notice\"", at: literal.span)
        }
    }

    private typealias Operand = (node: CELNode, type: StaticType)

    private mutating func checkComparable(_ name: CELOperator, _ left: Operand, _ right: Operand, _ node: CELNode) {
        guard let first = left.type.type, let second = right.type.type else { return }
        if left.type.isNumber && right.type.isNumber { return }
        let isEquality = name == .equal || name == .notEqual
        if first == second {
            let isOrdered = ![.list, .map, .type, .optional, .null].contains(first)
            if isEquality || isOrdered { return }
            report(.typeMismatch, "`\(name.rawValue)` does not order \(left.type.title)", at: node.span)
            return
        }
        let message =
            isEquality
            ? "\(left.type.title) never equals \(right.type.title)"
            : "`\(name.rawValue)` does not compare \(left.type.title) with \(right.type.title)"
        report(.typeMismatch, message, hint: conversionHint(left, right) ?? conversionHint(right, left), at: node.span)
    }

    /// How to bring a text and something else together: convert a field, or requote a constant.
    private func conversionHint(_ text: Operand, _ other: Operand) -> String? {
        if case .optional = text.type { return "add `.orValue(…)`" }
        guard text.type.type == .string, let wanted = other.type.type else { return nil }
        if let path = text.node.path {
            switch wanted {
            case .int, .uint, .double, .timestamp, .duration: return "convert it: `\(wanted.title)(\(path))`"
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

    private mutating func checkMembership(_ left: Operand, _ right: Operand, _ node: CELNode) {
        switch right.type {
        case .dyn, .map, .record: return
        case .list(let element):
            guard let wanted = element.type, let found = left.type.type, wanted != found,
                !(element.isNumber && left.type.isNumber)
            else { return }
            report(.typeMismatch, "\(left.type.title) is never in a list of \(wanted.title)", at: node.span)
        case .plain(.string):
            report(
                .typeMismatch, "`in` looks in a list or a map, not in a text", hint: "use `text.contains(part)`",
                at: right.node.span)
        default: report(.typeMismatch, "`in` looks in a list or a map, not in \(right.type.title)", at: right.node.span)
        }
    }

    private mutating func arithmetic(_ name: CELOperator, _ left: Operand, _ right: Operand, _ node: CELNode) -> StaticType {
        guard let first = left.type.type, let second = right.type.type else { return .dyn }
        if let result = Self.arithmeticResult(name, first, second) {
            if case .list = left.type { return .list(.dyn) }
            return .plain(result)
        }
        report(
            .typeMismatch, "`\(name.rawValue)` does not take \(left.type.title) and \(right.type.title)",
            hint: arithmeticHint(name, left, right), at: node.span)
        return .dyn
    }

    private static func arithmeticResult(_ name: CELOperator, _ left: CELType, _ right: CELType) -> CELType? {
        switch (name, left, right) {
        case (_, .int, .int), (_, .uint, .uint): return left
        case (.remainder, _, _): return nil
        case (_, .double, .double): return .double
        case (.add, .string, .string), (.add, .bytes, .bytes), (.add, .list, .list): return left
        case (.add, .timestamp, .duration), (.add, .duration, .timestamp), (.subtract, .timestamp, .duration): return .timestamp
        case (.subtract, .timestamp, .timestamp): return .duration
        case (.add, .duration, .duration), (.subtract, .duration, .duration): return .duration
        default: return nil
        }
    }

    private func arithmeticHint(_ name: CELOperator, _ left: Operand, _ right: Operand) -> String? {
        if left.type.isNumber && right.type.isNumber {
            for operand in [left, right] {
                if case .literal(.int(let number)) = operand.node.kind { return "write `\(number).0`" }
            }
            let whole = left.type.type == .double ? right : left
            return "convert it: `double(\(whole.node.path ?? "x"))`"
        }
        if name == .add, left.type.type == .string || right.type.type == .string {
            let other = left.type.type == .string ? right : left
            return "convert it: `string(\(other.node.path ?? "x"))`"
        }
        return nil
    }
}
