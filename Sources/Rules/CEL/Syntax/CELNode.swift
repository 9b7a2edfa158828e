/// A node of a parsed expression; immutable.
final class CELNode: Sendable {
    let kind: Kind
    /// The part of the text it was read from, in UTF-8 bytes from the beginning of the expression.
    let span: Range<Int>

    indirect enum Kind: Sendable {
        case literal(CELValue)
        /// A name; `isRooted` when it was written with a leading dot, which skips local names and the container.
        case identifier(String, isRooted: Bool)
        case select(Selection)
        case index(operand: CELNode, index: CELNode, isOptional: Bool)
        case call(CELCall)
        case list([CELListElement])
        case map([CELMapElement])
        case conditional(condition: CELNode, then: CELNode, otherwise: CELNode)
        /// All operands of a chain of `&&`.
        case and([CELNode])
        /// All operands of a chain of `||`.
        case or([CELNode])
        case not(CELNode)
        case negate(CELNode)
        case binary(CELOperator, CELNode, CELNode)
        case comprehension(CELComprehension)
        case binding(CELBinding)
    }

    /// `operand.field`.
    struct Selection: Sendable {
        let operand: CELNode
        let field: String
        /// `operand.?field`.
        let isOptional: Bool
        /// `has(operand.field)`.
        let isTest: Bool
        /// The whole chain as a name, `event.labels`, when it is made of names only.
        let qualifiedName: String?
        /// Whether the chain began with a dot.
        let isRooted: Bool
    }

    /// How many nodes lie on the longest way down, this one included; bounds the evaluator's recursion.
    let depth: Int
    /// How many macros are inside each other, at most.
    let loops: Int

    init(_ kind: Kind, span: Range<Int>) {
        self.kind = kind
        self.span = span
        var depth = 0
        var loops = 0
        Self.forEachChild(of: kind) { child, isBody in
            depth = max(depth, child.depth)
            loops = max(loops, child.loops + (isBody ? 1 : 0))
        }
        self.depth = depth + 1
        self.loops = loops
    }

    /// The nodes directly below, in the order in which they stand.
    var children: [CELNode] {
        var found: [CELNode] = []
        Self.forEachChild(of: kind) { child, _ in found.append(child) }
        return found
    }

    /// Calls `visit` for every node directly below, saying whether a macro evaluates it once per element.
    private static func forEachChild(of kind: Kind, _ visit: (CELNode, _ isBody: Bool) -> Void) {
        switch kind {
        case .literal, .identifier: break
        case .select(let selection): visit(selection.operand, false)
        case .index(let operand, let index, _):
            visit(operand, false)
            visit(index, false)
        case .call(let call):
            if let target = call.target { visit(target, false) }
            for argument in call.arguments { visit(argument, false) }
        case .list(let elements):
            for element in elements { visit(element.value, false) }
        case .map(let elements):
            for element in elements {
                visit(element.key, false)
                visit(element.value, false)
            }
        case .conditional(let condition, let then, let otherwise):
            for child in [condition, then, otherwise] { visit(child, false) }
        case .and(let operands), .or(let operands):
            for operand in operands { visit(operand, false) }
        case .not(let operand), .negate(let operand): visit(operand, false)
        case .binary(_, let left, let right):
            visit(left, false)
            visit(right, false)
        case .comprehension(let loop):
            visit(loop.range, false)
            if let condition = loop.condition { visit(condition, !loop.macro.bindsOptional) }
            if let result = loop.result { visit(result, !loop.macro.bindsOptional) }
        case .binding(let binding):
            visit(binding.value, false)
            visit(binding.body, false)
        }
    }

    /// The node as a path for messages, such as `event.labels.env` or `event.payload.items[0]`; `nil` for anything that is
    /// computed.
    var path: String? {
        switch kind {
        case .identifier(let name, _): return name
        case .select(let selection): return selection.operand.path.map { "\($0).\(selection.field)" }
        case .index(let operand, let index, _):
            guard let base = operand.path, case .literal(let key) = index.kind else { return nil }
            switch key {
            case .string(let text): return "\(base)[\"\(text)\"]"
            case .int(let number): return "\(base)[\(number)]"
            case .uint(let number): return "\(base)[\(number)u]"
            default: return nil
            }
        default: return nil
        }
    }
}
