/// Finds the access predicates of conditions.
extension ProgramCompiler {
    /// Everything that has to hold for the conditions to hold together, as far as it can be looked up.
    static func accessPredicates(
        of conditions: [CELExpression], into store: ProgramStoreBuilder, _ options: ProgramOptions
    ) -> [AccessPredicate] {
        let compiler = ProgramCompiler(store, options)
        var found: [AccessPredicate] = []
        for (position, condition) in conditions.enumerated() {
            let first = found.count
            compiler.collect(condition.root, into: &found)
            if found.count == first + 1, !condition.root.isConjunction { found[first].condition = position }
        }
        return merged(found)
    }

    /// Ranges of one place become one.
    private static func merged(_ predicates: [AccessPredicate]) -> [AccessPredicate] {
        var merged: [AccessPredicate] = []
        for predicate in predicates {
            guard case .range(let low, let high) = predicate.test,
                let index = merged.firstIndex(where: { other in
                    if case .range = other.test { other.place == predicate.place } else { false }
                }), case .range(let otherLow, let otherHigh) = merged[index].test
            else {
                merged.append(predicate)
                continue
            }
            merged[index] = AccessPredicate(
                place: predicate.place, test: .range(low: max(low, otherLow), high: min(high, otherHigh)), path: predicate.path,
                isMissingWhenAbsent: true, isExact: false)
        }
        return merged
    }

    private func collect(_ node: CELNode, into found: inout [AccessPredicate]) {
        if case .and(let operands) = node.kind {
            for operand in operands { collect(operand, into: &found) }
        } else if let predicate = predicate(node) {
            found.append(predicate)
        }
    }

    private func predicate(_ node: CELNode) -> AccessPredicate? {
        switch node.kind {
        case .or(let operands): return alternatives(operands)
        case .binary(let name, let left, let right): return comparison(name, left, right)
        case .call(let call): return text(call)
        case .not(let operand):
            return path(of: operand).map { made($0.index, .keys([.bool(false)])) }
        case .select(let selection) where selection.isTest:
            guard let above = path(of: selection.operand) else { return nil }
            let index = store.fieldPath(selection.field, below: Int32(above.index), isPlain: false)
            return made(Int(index), .present, isMissingWhenAbsent: false)
        default: return path(of: node).map { made($0.index, .keys([.bool(true)])) }
        }
    }

    private func made(
        _ path: Int, _ test: AccessPredicate.Test, isMissingWhenAbsent: Bool = true, isExact: Bool = true
    ) -> AccessPredicate {
        let written = store.writtenPaths[path]
        return AccessPredicate(
            place: written.place, test: test, path: written.text, isMissingWhenAbsent: isMissingWhenAbsent, isExact: isExact)
    }

    /// `||` of equalities of one place.
    private func alternatives(_ operands: [CELNode]) -> AccessPredicate? {
        var all: [IndexKey] = []
        var first: AccessPredicate?
        for operand in operands {
            guard let next = predicate(operand), case .keys(let keys) = next.test, next.place == first?.place ?? next.place
            else { return nil }
            all += keys
            first = first ?? next
        }
        guard let first else { return nil }
        return AccessPredicate(
            place: first.place, test: .keys(all), path: first.path, isMissingWhenAbsent: first.isMissingWhenAbsent)
    }

    private func comparison(_ name: CELOperator, _ left: CELNode, _ right: CELNode) -> AccessPredicate? {
        if let path = path(of: left), let constant = constant(right) {
            return comparison(name, path.index, constant.value)
        }
        if let path = path(of: right), let constant = constant(left), let turned = name.turned {
            return comparison(turned, path.index, constant.value)
        }
        guard name == .equal else { return nil }
        return withDefault(left, right) ?? withDefault(right, left)
    }

    private func comparison(_ name: CELOperator, _ path: Int, _ value: CELValue) -> AccessPredicate? {
        switch name {
        case .equal: return IndexKey(value).map { made(path, .keys([$0])) }
        case .in:
            guard case .list(let items) = value else { return nil }
            let keys = items.compactMap { IndexKey($0) }
            return keys.count == items.count ? made(path, .keys(keys)) : nil
        case .less, .lessOrEqual: return Self.bound(value).map { made(path, .range(low: -.infinity, high: $0), isExact: false) }
        case .greater, .greaterOrEqual:
            return Self.bound(value).map { made(path, .range(low: $0, high: .infinity), isExact: false) }
        default: return nil
        }
    }

    /// The number as a double: whatever is above the number is not below the double.
    private static func bound(_ value: CELValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .uint(let number): Double(number)
        case .double(let number): number.isNaN ? nil : number
        default: nil
        }
    }

    /// `path.?x.orValue(c) == k` with a `c` that is not `k`.
    private func withDefault(_ left: CELNode, _ right: CELNode) -> AccessPredicate? {
        guard case .call(let call) = left.kind, call.function == .orValue, call.arguments.count == 1,
            let optional = call.target, case .select(let selection) = optional.kind, selection.isOptional,
            let above = path(of: selection.operand), let fallback = constant(call.arguments[0]), let wanted = constant(right),
            let key = IndexKey(wanted.value), let other = IndexKey(fallback.value), key != other
        else { return nil }
        let index = store.fieldPath(selection.field, below: Int32(above.index), isPlain: false)
        return made(Int(index), .keys([key]), isMissingWhenAbsent: false)
    }

    /// `path.startsWith(c)` and `path.matches("^c…")`.
    private func text(_ call: CELCall) -> AccessPredicate? {
        let operands = (call.target.map { [$0] } ?? []) + call.arguments
        guard let function = call.function, operands.count == 2,
            CELLibrary.checkArity(function, call.arguments.count, isMember: call.target != nil), let path = path(of: operands[0]),
            case .string(let text)? = constant(operands[1])?.value
        else { return nil }
        switch function {
        case .startsWith:
            // Any text begins with nothing, but what is there may be no text.
            let isEmpty = text.utf8.isEmpty
            return made(path.index, isEmpty ? .present : .prefix(Array(text.utf8)), isExact: !isEmpty)
        case .matches:
            let prefix = PatternPrefix.literal(of: text)
            return prefix.isEmpty ? nil : made(path.index, .prefix(prefix), isExact: false)
        default: return nil
        }
    }
}

extension CELNode {
    fileprivate var isConjunction: Bool {
        if case .and = kind { true } else { false }
    }
}

extension CELOperator {
    /// The operator with its sides exchanged; `nil` where that means nothing.
    fileprivate var turned: CELOperator? {
        switch self {
        case .equal: .equal
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        default: nil
        }
    }
}
