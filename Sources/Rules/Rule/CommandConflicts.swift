/// Commands that could be taken for each other.
enum CommandConflicts {
    /// Reports every command whose words are those of another command of its source, or the beginning of them.
    static func report(_ rules: [Rule], _ collector: DiagnosticCollector) {
        for (index, rule) in rules.enumerated() {
            guard let command = rule.trigger.command else { continue }
            for other in rules[..<index] {
                guard let earlier = other.trigger.command, rule.trigger.source.utf8.elementsEqual(other.trigger.source.utf8),
                    overlaps([command.name] + command.words, [earlier.name] + earlier.words)
                else { continue }
                collector.report(
                    Diagnostic(
                        code: .badCommand, file: rule.file, line: rule.line, column: 1, sourceLine: rule.firstLine,
                        message: "the command of rule `\(rule.name)` can not be told apart from that of rule `\(other.name)`",
                        hint: "rule `\(other.name)` is in \(other.file), line \(other.line)"))
            }
        }
    }

    private static func overlaps(_ left: [String], _ right: [String]) -> Bool {
        zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }
}
