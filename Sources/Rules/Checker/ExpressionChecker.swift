/// Looks for what would fail on every event: unknown names, fields and functions, and types that do not fit.
///
/// It never refuses what may work: whatever it does not know has the type `dyn`.
struct ExpressionChecker {
    let scope: ExpressionScope
    private(set) var problems: [ExpressionProblem] = []
    /// Names that macros bind, innermost last.
    private var locals: [(name: String, type: StaticType)] = []

    /// Where the zones that the expression names are looked up.
    let zones: TimeZoneCatalog

    init(scope: ExpressionScope, zones: TimeZoneCatalog) {
        self.scope = scope
        self.zones = zones
    }

    /// Checks an expression and says what type its value has.
    static func check(
        _ expression: CELExpression, scope: ExpressionScope, zones: TimeZoneCatalog
    ) -> (type: StaticType, problems: [ExpressionProblem]) {
        var checker = ExpressionChecker(scope: scope, zones: zones)
        let type = checker.infer(expression.root)
        return (type, checker.problems)
    }

    mutating func report(_ code: DiagnosticCode, _ message: String, hint: String? = nil, at span: Range<Int>) {
        problems.append(ExpressionProblem(code: code, message: message, hint: hint, span: span))
    }

    mutating func infer(_ node: CELNode) -> StaticType {
        switch node.kind {
        case .literal(let value): return StaticType(of: value)
        case .identifier(let name, let isRooted): return type(of: name, isRooted: isRooted, node)
        case .select(let selection): return infer(selection, node)
        case .index(let operand, let index, let isOptional): return element(operand, index, isOptional)
        case .call(let call): return infer(call, node)
        case .list(let elements):
            let types = elements.map { element in
                let type = infer(element.value)
                return element.isOptional ? unwrapped(type) : type
            }
            return .list(types.dropFirst().reduce(types.first ?? .dyn) { .either($0, $1) })
        case .map(let elements):
            for element in elements {
                _ = infer(element.key)
                _ = infer(element.value)
            }
            return .map(.dyn)
        case .conditional(let condition, let then, let otherwise):
            requireBool(condition, by: "`? :`")
            return .either(infer(then), infer(otherwise))
        case .and(let operands):
            for operand in operands { requireBool(operand, by: "`&&`") }
            return .plain(.bool)
        case .or(let operands):
            for operand in operands { requireBool(operand, by: "`||`") }
            return .plain(.bool)
        case .not(let operand):
            requireBool(operand, by: "`!`")
            return .plain(.bool)
        case .negate(let operand):
            let type = infer(operand)
            guard type.allows(.int) || type.allows(.double) else {
                report(.typeMismatch, "`-` does not take \(type.title)", at: operand.span)
                return .dyn
            }
            return type
        case .binary(let name, let left, let right): return infer(name, left, right, node)
        case .comprehension(let loop): return infer(loop)
        case .binding(let binding):
            locals.append((binding.name, infer(binding.value)))
            defer { locals.removeLast() }
            return infer(binding.body)
        }
    }

    private mutating func requireBool(_ node: CELNode, by operation: String) {
        let type = infer(node)
        guard !type.allows(.bool) else { return }
        report(.typeMismatch, "\(operation) takes true or false, not \(type.title)", hint: comparisonHint(node), at: node.span)
    }

    private func comparisonHint(_ node: CELNode) -> String? {
        node.path.map { "compare it: `\($0) == …`" }
    }

    // MARK: - Names and fields

    private mutating func type(of name: String, isRooted: Bool, _ node: CELNode) -> StaticType {
        if !isRooted, let local = locals.last(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return local.type }
        if let type = scope.type(of: name) { return type }
        if CELType(rawValue: name) != nil { return .plain(.type) }
        report(
            .unknownName, scope.absent[name].map { "`\(name)` is not known here: \($0)" } ?? "unknown name `\(name)`",
            hint: nameHint(name), at: node.span)
        return .dyn
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
            guard case .record(_, let fields, _) = type else { continue }
            if fields.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return "did you mean `\(root).\(name)`?" }
        }
        return "a text needs quotes: \"\(name)\""
    }

    private mutating func infer(_ selection: CELNode.Selection, _ node: CELNode) -> StaticType {
        if !locals.contains(where: { selection.qualifiedName?.utf8.starts(with: "\($0.name).".utf8) ?? false }),
            let name = selection.qualifiedName, CELType(rawValue: name) != nil
        {
            return .plain(.type)
        }
        let operand = infer(selection.operand)
        let found = field(selection.field, of: unwrapped(operand), at: node)
        if selection.isTest { return .plain(.bool) }
        if case .optional = operand { return .optional(found) }
        return selection.isOptional ? .optional(found) : found
    }

    private mutating func field(_ name: String, of type: StaticType, at node: CELNode) -> StaticType {
        let span = max(node.span.lowerBound, node.span.upperBound - name.utf8.count)..<node.span.upperBound
        switch type {
        case .dyn: return .dyn
        case .map(let value): return value
        case .record(let title, let fields, _):
            if let field = fields.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return field.type }
            let names = fields.map(\.name)
            let all = names.isEmpty ? nil : "it has " + names.map { "`\($0)`" }.joined(separator: ", ")
            report(
                .unknownField, "\(title) has no field `\(name)`", hint: Suggestion.hint(for: name, among: names) ?? all, at: span)
            return .dyn
        default:
            let isCall = CELFunction(rawValue: name)?.memberArity != nil
            report(
                .unknownField, "\(type.title) has no field `\(name)`",
                hint: isCall
                    ? "a function is called with parentheses: `\(name)(…)`" : Suggestion.hint(for: name, among: Self.memberNames),
                at: span)
            return .dyn
        }
    }

    private mutating func element(_ operand: CELNode, _ index: CELNode, _ isOptional: Bool) -> StaticType {
        let container = infer(operand)
        let key = infer(index)
        let found: StaticType
        switch unwrapped(container) {
        case .dyn: found = .dyn
        case .list(let element):
            if !(key.type == nil || key.isNumber) {
                report(.typeMismatch, "a list's index is a whole number, not \(key.title)", at: index.span)
            }
            found = element
        case .map(let value): found = value
        case .record(let title, let fields, let isOpen):
            guard case .literal(.string(let name)) = index.kind else {
                found = .dyn
                break
            }
            let field = fields.first { $0.name.utf8.elementsEqual(name.utf8) }
            if field == nil, !isOpen {
                let hint = Suggestion.hint(for: name, among: fields.map(\.name))
                report(.unknownField, "\(title) has no field `\(name)`", hint: hint, at: index.span)
            }
            found = field?.type ?? .dyn
        default:
            report(.typeMismatch, "\(container.title) has no elements", at: operand.span)
            found = .dyn
        }
        if case .optional = container { return .optional(found) }
        return isOptional ? .optional(found) : found
    }

    func unwrapped(_ type: StaticType) -> StaticType {
        if case .optional(let inner) = type { return inner }
        return type
    }

    // MARK: - Macros

    private mutating func infer(_ loop: CELComprehension) -> StaticType {
        let range = infer(loop.range)
        let item: StaticType
        if loop.macro.bindsOptional {
            item = unwrapped(range)
        } else {
            switch range {
            case .list(let element): item = element
            case .map, .record: item = .plain(.string)
            case .dyn: item = .dyn
            default:
                report(.typeMismatch, "`\(loop.macro.rawValue)` walks a list or a map, not \(range.title)", at: loop.range.span)
                item = .dyn
            }
        }
        var names = [(name: loop.variable, type: item)]
        if let second = loop.secondVariable {
            if case .list(let element) = range {
                names = [(loop.variable, .plain(.int)), (second, element)]
            } else if case .map(let value) = range {
                names.append((second, value))
            } else {
                names = [(loop.variable, .dyn), (second, .dyn)]
            }
        }
        locals += names
        defer { locals.removeLast(names.count) }
        if let condition = loop.condition { requireBool(condition, by: "`\(loop.macro.rawValue)`") }
        let result = loop.result.map { infer($0) }
        switch loop.macro {
        case .all, .exists, .existsOne: return .plain(.bool)
        case .filter: return .list(item)
        case .map, .transformList: return .list(result ?? .dyn)
        case .transformMap: return .map(result ?? .dyn)
        case .transformMapEntry: return .map(.dyn)
        case .optMap: return .optional(result ?? .dyn)
        case .optFlatMap: return result ?? .dyn
        }
    }
}
