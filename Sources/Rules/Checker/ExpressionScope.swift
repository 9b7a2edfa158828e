/// The names that an expression may use in its place, with what is known about each.
struct ExpressionScope: Sendable {
    /// Every name with what is known about it; a name may be a whole chain, `a.b`.
    var names: [(name: String, type: StaticType)]
    /// Names that exist elsewhere, with why they do not exist here.
    var absent: [String: String]
    /// Functions besides those of ``CELDeclarations``.
    var functions: [String: [CELOverload]]
    /// The name-resolution container, `a.b`: a name `x` is looked for as `a.b.x`, `a.x` and `x`.
    var container: String
    /// Whether only what the specification's declarations cover is accepted.
    ///
    /// Otherwise everything is accepted that the evaluator can evaluate: numbers of different types are equal or in a list, both
    /// sides of a choice or of `+` between lists may have different types. Rule files are read so: whatever may work is not refused.
    var isStrict: Bool

    init(
        names: [(name: String, type: StaticType)], absent: [String: String] = [:], functions: [String: [CELOverload]] = [:],
        container: String = "", isStrict: Bool = false
    ) {
        self.names = names
        self.absent = absent
        self.functions = functions
        self.container = container
        self.isStrict = isStrict
    }

    func type(of name: String) -> StaticType? {
        names.first { $0.name.utf8.elementsEqual(name.utf8) }?.type
    }

    /// The names that a name may mean, the longest first.
    func candidates(for name: String, isRooted: Bool) -> [String] {
        guard !isRooted, !container.utf8.isEmpty else { return [name] }
        var parts = container.utf8.split(separator: UInt8(ascii: ".")).map { String(decoding: $0, as: UTF8.self) }
        var found: [String] = []
        while !parts.isEmpty {
            found.append(parts.joined(separator: ".") + "." + name)
            parts.removeLast()
        }
        return found + [name]
    }

    func overloads(of name: String) -> [CELOverload]? {
        guard let more = functions[name] else { return CELDeclarations.functions[name] }
        return (CELDeclarations.functions[name] ?? []) + more
    }
}
