/// `limits.after` names rules of the same set: a name that no rule has would silently not guard.
enum AfterReferences {
    /// Reports every name in `after` that no rule has.
    static func report(_ rules: [Rule], _ collector: DiagnosticCollector) {
        let names = rules.map(\.name)
        for rule in rules {
            for name in rule.after.keys.sorted() where !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
                collector.report(
                    Diagnostic(
                        code: .unknownValue, file: rule.file, line: rule.line, column: 1, sourceLine: rule.firstLine,
                        message: "`after` of rule `\(rule.name)` names the rule `\(name)`, which there is not",
                        hint: Suggestion.hint(for: name, among: names)))
            }
        }
    }
}
