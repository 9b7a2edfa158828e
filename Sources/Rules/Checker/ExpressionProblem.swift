/// One finding of the checker, at a part of the expression given in bytes.
struct ExpressionProblem: Sendable {
    var code: DiagnosticCode
    var severity = Diagnostic.Severity.error
    var message: String
    var hint: String?
    var span: Range<Int>
}
