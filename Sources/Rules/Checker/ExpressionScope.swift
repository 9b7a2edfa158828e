/// The names that an expression may use in its place.
struct ExpressionScope: Sendable {
    /// Every name with what is known about it.
    var names: [(name: String, type: StaticType)]
    /// Names that exist elsewhere, with why they do not exist here.
    var absent: [String: String] = [:]

    func type(of name: String) -> StaticType? {
        names.first { $0.name.utf8.elementsEqual(name.utf8) }?.type
    }
}

/// One finding of the checker, at a part of the expression given in bytes.
struct ExpressionProblem: Sendable {
    var code: DiagnosticCode
    var message: String
    var hint: String?
    var span: Range<Int>
}
