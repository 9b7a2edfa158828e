/// Parts of an expression that are the same for every event.
extension ProgramCompiler {
    /// A value that is known at load, and what the tree evaluator charges to make it.
    struct Constant {
        let value: CELValue
        let tenths: Int
        /// In bytes.
        let memory: Int
    }

    /// The most that a constant may cost to be evaluated at load, in units.
    private static let maxFoldingCost = 1_000

    /// Loads a constant; `false` when the node is none.
    mutating func emitConstant(_ node: CELNode, to dest: Int) -> Bool {
        guard let constant = constant(node) else { return false }
        pendingTenths += constant.tenths
        emit(.constant, to: dest, Int(store.constant(constant.value)), 0, constant.memory, at: node)
        return true
    }

    /// The node's value when it has one that is the same for every event. A node that fails is no constant.
    func constant(_ node: CELNode) -> Constant? {
        if case .literal(let value) = node.kind { return Constant(value: value, tenths: 10, memory: 0) }
        guard isConstant(node) else { return nil }
        var evaluator = CELEvaluator(
            variables: CELVariableTable(options.constants), zones: options.zones, limit: Self.maxFoldingCost)
        guard let value = try? evaluator.evaluate(folded(node)) else { return nil }
        return Constant(value: value, tenths: evaluator.meter.spentTenths, memory: evaluator.meter.memory)
    }

    private func folded(_ node: CELNode) -> CELNode {
        guard options.fault == .foldsOffByOne, case .binary(.lessOrEqual, let left, let right) = node.kind else { return node }
        return CELNode(.binary(.less, left, right), span: node.span)
    }

    /// Whether nothing in the node depends on the event; without folding, only a name whose value is known.
    private func isConstant(_ node: CELNode) -> Bool {
        switch node.kind {
        case .literal: return true
        case .identifier(let name, let isRooted):
            return options.constants[name] != nil && (isRooted || local(name) == nil)
        case .comprehension, .binding: return false
        case .select(let selection): return options.foldsConstants && isConstant(selection.operand)
        case .call(let call):
            guard call.function != nil else { return false }
            return options.foldsConstants && node.children.allSatisfy(isConstant)
        default: return options.foldsConstants && node.children.allSatisfy(isConstant)
        }
    }

    /// The set behind `in`, when it is a constant list, and what making the list costs.
    func constantSet(_ node: CELNode) -> (set: Int, tenths: Int)? {
        guard options.foldsConstants, let constant = constant(node), case .list(let items) = constant.value,
            let set = store.set(items, memory: constant.memory)
        else { return nil }
        return (Int(set), constant.tenths)
    }
}
