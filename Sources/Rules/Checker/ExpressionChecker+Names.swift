/// Names, fields and elements.
extension ExpressionChecker {
    mutating func checkName(_ name: String, isRooted: Bool, _ node: CELNode) -> StaticType {
        if !isRooted, let local = local(name) { return local }
        if let known = global(name, isRooted: isRooted) { return known }
        report(
            .unknownName, scope.absent[name].map { "`\(name)` is not known here: \($0)" } ?? "unknown name `\(name)`",
            hint: nameHint(name), at: node.span)
        return .error
    }

    func local(_ name: String) -> StaticType? {
        locals.last { $0.name.utf8.elementsEqual(name.utf8) }?.type
    }

    private func nameHint(_ name: String) -> String? {
        if scope.absent[name] != nil { return nil }
        switch name {
        case "True", "TRUE", "False", "FALSE":
            return "did you mean `\(String(decoding: name.utf8.map { $0 | 0x20 }, as: UTF8.self))`?"
        case "None", "nil", "NULL", "Null", "undefined": return "did you mean `null`?"
        case "now": return "the only clock is `event.received_at`"
        default: break
        }
        let known = scope.names.map(\.name) + locals.map(\.name)
        if let near = Suggestion.hint(for: name, among: known) { return near }
        // What nearly every alert carries, so that the word alone says what was meant.
        if ["severity", "alertname", "instance", "job", "namespace", "cluster", "env"].contains(name) {
            return "did you mean `event.labels.\(name)`?"
        }
        for (root, type) in scope.names {
            if case .record(let record) = type, record.type(of: name) != nil { return "did you mean `\(root).\(name)`?" }
        }
        return "a text needs quotes: \"\(name)\""
    }

    mutating func check(_ selection: CELNode.Selection, _ node: CELNode) -> StaticType {
        if !selection.isTest, let name = selection.qualifiedName, selection.isRooted || !isLocalChain(name),
            let known = global(name, isRooted: selection.isRooted)
        {
            return known
        }
        let operand = solver.substitute(check(selection.operand))
        let found = field(selection.field, of: operand.wrapped ?? operand, at: node)
        if selection.isTest { return .bool }
        return solver.substitute(operand.wrapped != nil || selection.isOptional ? .optional(found) : found)
    }

    /// Whether the chain begins with a name that a macro bound: that name then means the element and nothing else.
    private func isLocalChain(_ name: String) -> Bool {
        guard !locals.isEmpty else { return false }
        return local(String(decoding: name.utf8.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)) != nil
    }

    private mutating func field(_ name: String, of type: StaticType, at node: CELNode) -> StaticType {
        switch type {
        case .dyn, .error: return .dyn
        case .variable:
            // Nothing else may be found out about it later that would not have this field.
            _ = solver.assign(.dyn, to: type)
            return .dyn
        case .map(_, let value): return value
        case .record(let record): return field(name, of: record, isDotted: true, at: fieldSpan(name, node))
        default:
            let isCall = scope.overloads(of: name)?.contains(where: \.isMember) ?? false
            let near = Suggestion.hint(for: name, among: CELDeclarations.memberNames)
            report(
                .unknownField, "\(type.title) has no field `\(name)`",
                hint: isCall ? "a function is called with parentheses: `\(name)(…)`" : near, at: fieldSpan(name, node))
            return .error
        }
    }

    private func fieldSpan(_ name: String, _ node: CELNode) -> Range<Int> {
        max(node.span.lowerBound, node.span.upperBound - name.utf8.count)..<node.span.upperBound
    }

    private mutating func field(
        _ name: String, of record: RecordType, isDotted: Bool, at span: Range<Int>
    ) -> StaticType {
        if let type = record.type(of: name) { return type }
        switch record.others {
        case .any: return .dyn
        case .inBrackets where !isDotted: return .dyn
        default: break
        }
        let names = record.fields.map(\.name)
        let all = names.isEmpty ? nil : "it has " + names.map { "`\($0)`" }.joined(separator: ", ")
        report(
            .unknownField, "\(record.title) has no field `\(name)`",
            hint: record.elsewhere[name] ?? Suggestion.hint(for: name, among: names) ?? all, at: span)
        return .error
    }

    /// `x[key]` and `x[?key]`.
    mutating func checkElement(_ operand: CELNode, _ index: CELNode, _ isOptional: Bool, _ node: CELNode) -> StaticType {
        let container = check(operand)
        let key = check(index)
        let known = solver.substitute(container)
        if case .record(let record) = known.wrapped ?? known, case .literal(.string(let name)) = index.kind {
            let found = field(name, of: record, isDotted: false, at: index.span)
            return known.wrapped != nil || isOptional ? .optional(found) : found
        }
        return apply(isOptional ? "[?]" : "[]", [container, key], [operand, index], node)
    }
}
