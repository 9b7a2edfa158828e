/// Finds the types of type variables while an expression is checked.
///
/// The algorithm is cel-go's (checker/types.go at 14f6746: assignability with substitutions, the more general type wins, occurs
/// check), because the conformance tests record what it deduces. Work and depth are bounded: types can grow exponentially with
/// the expression, and then everything is `dyn` and ``isExhausted`` says so.
struct TypeSolver {
    /// How many steps the types of one expression may take. The largest expression of plain operators takes about a tenth.
    static let maxWork = 1_000_000
    /// How deep types may be inside each other.
    static let maxDepth = 400

    /// What is known of each variable, by its number.
    private var bindings: [StaticType?] = []
    /// What the bindings were before they changed, to undo an attempt that failed.
    private var trail: [(variable: Int, before: StaticType?)] = []
    private var work = 0
    private var depth = 0
    private let limit: Int
    /// Whether the types were too large to find.
    private(set) var isExhausted = false

    init(limit: Int = TypeSolver.maxWork) {
        self.limit = limit
    }

    /// A variable of which nothing is known.
    mutating func fresh() -> StaticType {
        bindings.append(nil)
        return .variable(bindings.count - 1)
    }

    /// Whether a value of the first type can stand where the second is wanted; if so, variables are bound to make it true.
    mutating func assign(_ from: StaticType, to wanted: StaticType) -> Bool {
        assign([from], to: [wanted])
    }

    /// Whether all of the types fit those wanted, one by one; variables are bound only if they all do.
    mutating func assign(_ types: [StaticType], to wanted: [StaticType]) -> Bool {
        trail.removeAll(keepingCapacity: true)
        if fits(types, wanted) { return true }
        for change in trail.reversed() { bindings[change.variable] = change.before }
        return false
    }

    /// The more general of two types of which one fits the other.
    mutating func mostGeneral(_ left: StaticType, _ right: StaticType) -> StaticType {
        isAsGeneral(left, right) ? left : right
    }

    /// The type with all bound variables replaced; with `final`, unbound ones become `dyn`.
    mutating func substitute(_ type: StaticType, final: Bool = false) -> StaticType {
        guard enter() else { return .dyn }
        defer { depth -= 1 }
        switch type {
        case .variable(let number):
            if let bound = bindings[number] { return substitute(bound, final: final) }
            return final ? .dyn : type
        case .list(let element): return .list(substitute(element, final: final))
        case .map(let key, let value): return .map(substitute(key, final: final), substitute(value, final: final))
        case .typeValue(let inner?): return .typeValue(substitute(inner, final: final))
        case .abstract(let name, let parameters):
            return parameters.isEmpty ? type : .abstract(name, parameters.map { substitute($0, final: final) })
        default: return type
        }
    }

    /// The type with its parameters replaced by variables; `names` keeps which.
    mutating func instantiate(_ type: StaticType, _ names: inout [String: StaticType]) -> StaticType {
        guard enter() else { return .dyn }
        defer { depth -= 1 }
        switch type {
        case .parameter(let name):
            if let known = names[name] { return known }
            let variable = fresh()
            names[name] = variable
            return variable
        case .list(let element): return .list(instantiate(element, &names))
        case .map(let key, let value): return .map(instantiate(key, &names), instantiate(value, &names))
        case .typeValue(let inner?): return .typeValue(instantiate(inner, &names))
        case .abstract(let name, let parameters):
            return parameters.isEmpty ? type : .abstract(name, parameters.map { instantiate($0, &names) })
        default: return type
        }
    }

    /// Whether two types are the same.
    mutating func isExact(_ left: StaticType, _ right: StaticType) -> Bool {
        guard enter() else { return true }
        defer { depth -= 1 }
        switch (left, right) {
        case (.variable(let left), .variable(let right)): return left == right
        case (.wrapper(let left), .wrapper(let right)): return isExact(left, right)
        case (.list(let left), .list(let right)): return isExact(left, right)
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            return isExact(leftKey, rightKey) && isExact(left, right)
        case (.typeValue(let left?), .typeValue(let right?)): return isExact(left, right)
        case (.typeValue(nil), .typeValue(nil)): return true
        case (.abstract(let leftName, let left), .abstract(let rightName, let right)):
            guard leftName == rightName, left.count == right.count else { return false }
            for (left, right) in zip(left, right) where !isExact(left, right) { return false }
            return true
        case (.record(let left), .record(let right)): return left === right
        case (let left, let right): return Self.isSameSimple(left, right)
        }
    }

    // MARK: - Assignability

    private mutating func fits(_ types: [StaticType], _ wanted: [StaticType]) -> Bool {
        guard types.count == wanted.count else { return false }
        for (type, wanted) in zip(types, wanted) where !fits(type, wanted) { return false }
        return true
    }

    private mutating func fits(_ type: StaticType, _ wanted: StaticType) -> Bool {
        guard enter() else { return true }
        defer { depth -= 1 }
        if case .variable(let number) = wanted {
            let (isValid, wasBound) = bind(number, to: type)
            if isValid { return true }
            // It means something else already, so that the other direction can not be right either.
            if wasBound { return false }
        }
        if case .variable(let number) = type { return bind(number, to: wanted).isValid }
        if type.isDynamic || wanted.isDynamic { return true }
        if case .null = type { return Self.isNullable(wanted) }
        if case .null = wanted { return Self.isNullable(type) }
        switch (type.nonNull, wanted.nonNull) {
        case (.typeValue, .typeValue): return true
        case (.list(let type), .list(let wanted)): return fits(type, wanted)
        case (.map(let key, let value), .map(let wantedKey, let wantedValue)):
            return fits(key, wantedKey) && fits(value, wantedValue)
        case (.abstract(let name, let parameters), .abstract(let wantedName, let wanted)):
            return name == wantedName && fits(parameters, wanted)
        case (.record(let record), .record(let wanted)): return record === wanted
        case (.record, .map(let key, let value)): return fits(.string, key) && fits(.dyn, value)
        case (.map(let key, let value), .record): return fits(key, .string) && fits(value, .dyn)
        case (let type, let wanted): return Self.isSameSimple(type, wanted)
        }
    }

    private mutating func bind(_ number: Int, to type: StaticType) -> (isValid: Bool, wasBound: Bool) {
        if case .variable(number) = type { return (true, true) }
        guard let bound = bindings[number] else {
            guard isAbsent(number, from: type) else { return (false, false) }
            set(number, type)
            return (true, false)
        }
        if isExact(type, bound) { return (true, true) }
        guard fits(type, bound) else { return (false, true) }
        let general = mostGeneral(type, bound)
        if isAbsent(number, from: general) { set(number, general) }
        return (true, true)
    }

    private mutating func set(_ number: Int, _ type: StaticType) {
        trail.append((number, bindings[number]))
        bindings[number] = type
    }

    /// The occurs check: whether the variable is no part of the type.
    private mutating func isAbsent(_ number: Int, from type: StaticType) -> Bool {
        guard enter() else { return false }
        defer { depth -= 1 }
        switch type {
        case .variable(let other):
            guard other != number else { return false }
            guard let bound = bindings[other] else { return true }
            return isAbsent(number, from: bound)
        case .list(let element): return isAbsent(number, from: element)
        case .map(let key, let value): return isAbsent(number, from: key) && isAbsent(number, from: value)
        case .typeValue(let inner?): return isAbsent(number, from: inner)
        case .abstract(_, let parameters):
            for parameter in parameters where !isAbsent(number, from: parameter) { return false }
            return true
        default: return true
        }
    }

    /// Whether the first type is the second, or says less.
    private mutating func isAsGeneral(_ left: StaticType, _ right: StaticType) -> Bool {
        guard enter() else { return true }
        defer { depth -= 1 }
        if Self.saysNothing(left) { return true }
        if Self.saysNothing(right) { return false }
        switch (left, right) {
        case (.typeValue, .typeValue), (.map, .record): return true
        // cel-go keeps the first of the two; cel-spec's tests want the one that also holds null.
        case (_, .null): return Self.isNullable(left)
        case (.wrapper(let left), let right): return isExact(left, right.nonNull)
        case (.list(let left), .list(let right)): return isAsGeneral(left, right)
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            return isAsGeneral(leftKey, rightKey) && isAsGeneral(left, right)
        case (.abstract(let leftName, let left), .abstract(let rightName, let right)):
            guard leftName == rightName, left.count == right.count else { return false }
            for (left, right) in zip(left, right) where !isAsGeneral(left, right) { return false }
            return true
        default: return isExact(left, right)
        }
    }

    private static func saysNothing(_ type: StaticType) -> Bool {
        switch type {
        case .dyn, .variable: true
        default: false
        }
    }

    /// Whether null can stand where the type is wanted.
    private static func isNullable(_ type: StaticType) -> Bool {
        switch type {
        case .null, .wrapper, .abstract, .record, .timestamp, .duration: true
        default: false
        }
    }

    private static func isSameSimple(_ left: StaticType, _ right: StaticType) -> Bool {
        switch (left, right) {
        case (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string), (.bytes, .bytes),
            (.timestamp, .timestamp), (.duration, .duration), (.null, .null), (.dyn, .dyn), (.error, .error):
            true
        default: false
        }
    }

    /// Counts a step down; `false` when there were too many.
    private mutating func enter() -> Bool {
        work += 1
        guard work <= limit, depth < Self.maxDepth else {
            isExhausted = true
            return false
        }
        depth += 1
        return true
    }
}
