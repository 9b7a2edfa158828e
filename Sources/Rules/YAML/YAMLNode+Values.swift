/// Typed values of nodes; each reports what does not fit and then returns `nil`.
extension YAMLNode {
    /// A text that is not empty.
    package func string(_ title: String, _ collector: DiagnosticCollector) -> String? {
        guard case .scalar(let scalar) = content, case .string = scalar.value else {
            reportKind(title, "a text", hint: scalar == nil ? nil : textHint, collector)
            return nil
        }
        guard !scalar.text.utf8.isEmpty else {
            collector.report(diagnostic(.wrongKind, "\(title) is empty"))
            return nil
        }
        return scalar.text
    }

    /// A text, or a whole number as it was written: ids that chat platforms give as numbers need no quotes.
    package func identifier(_ title: String, _ collector: DiagnosticCollector) -> String? {
        if case .scalar(let scalar) = content, case .int = scalar.value { return scalar.text }
        return string(title, collector)
    }

    /// The scalar's text whatever its type, for values that are expressions or templates.
    package func expressionText(_ title: String, _ collector: DiagnosticCollector) -> String? {
        guard case .scalar(let scalar) = content else {
            reportKind(
                title, "an expression", hint: "an expression that begins with `{` or `[` needs quotes: '…'", collector)
            return nil
        }
        if case .null = scalar.value {
            collector.report(diagnostic(.wrongKind, "\(title) is empty"))
            return nil
        }
        return scalar.text
    }

    /// A whole number within a range.
    package func int(_ title: String, in range: ClosedRange<Int>, _ collector: DiagnosticCollector) -> Int? {
        guard case .scalar(let scalar) = content, case .int(let number) = scalar.value else {
            let isQuoted = scalar.map { CELNumberText.isInteger($0.text) } ?? false
            reportKind(title, "a whole number", hint: isQuoted ? "remove the quotes" : nil, collector)
            return nil
        }
        guard let value = Int(exactly: number), range.contains(value) else {
            let wanted = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            collector.report(diagnostic(.outOfRange, "\(title) has to be \(wanted)"))
            return nil
        }
        return value
    }

    /// `true` or `false`; the words of YAML 1.1 (`yes`, `off`) are refused with a hint.
    package func bool(_ title: String, _ collector: DiagnosticCollector) -> Bool? {
        guard case .scalar(let scalar) = content, case .bool(let flag) = scalar.value else {
            let meant = scalar.flatMap { YAMLScalar.yaml11Bool($0.text) }
            reportKind(title, "true or false", hint: meant.map { "write `\($0)`" }, collector)
            return nil
        }
        return flag
    }

    /// A span of time such as `90s`, `2m`, `1h30m` or `7d`, not negative and at most ten years.
    package func duration(_ title: String, _ collector: DiagnosticCollector) -> Duration? {
        let hint = "write numbers with units: `90s`, `2m`, `1h30m`, `7d`"
        guard case .scalar(let scalar) = content else {
            reportKind(title, "a span of time", hint: hint, collector)
            return nil
        }
        switch scalar.value {
        case .int:
            collector.report(diagnostic(.badDuration, "\(title) has no unit", hint: "did you mean `\(scalar.text)s`?"))
            return nil
        case .string:
            if let span = YAMLDuration.parse(scalar.text) { return span }
            collector.report(diagnostic(.badDuration, "\(title) is not a span of time", hint: hint))
            return nil
        default:
            reportKind(title, "a span of time", hint: hint, collector)
            return nil
        }
    }

    /// The elements of a list of at most `max`.
    package func list(_ title: String, max: Int = 1_000, _ collector: DiagnosticCollector) -> [YAMLNode]? {
        guard case .sequence(let items) = content else {
            reportKind(title, "a list", hint: "write `[…]`, or one line with `- ` for each", collector)
            return nil
        }
        guard items.count <= max else {
            collector.report(diagnostic(.outOfRange, "\(title) has more than \(max) elements"))
            return nil
        }
        return items
    }

    /// A list of texts, or of ids given as numbers.
    package func identifiers(_ title: String, max: Int = 1_000, _ collector: DiagnosticCollector) -> [String]? {
        guard let items = list(title, max: max, collector) else { return nil }
        return items.compactMap { $0.identifier("an element of \(title)", collector) }
    }

    /// One of a few words.
    package func choice(_ title: String, among words: [String], _ collector: DiagnosticCollector) -> String? {
        guard let text = string(title, collector) else { return nil }
        if words.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { return text }
        let hint = Suggestion.hint(for: text, among: words) ?? "one of " + words.map { "`\($0)`" }.joined(separator: ", ")
        collector.report(diagnostic(.unknownValue, "\(title) can not be `\(text)`", hint: hint))
        return nil
    }

    private func reportKind(_ title: String, _ wanted: String, hint: String?, _ collector: DiagnosticCollector) {
        if isRefused { return }
        collector.report(diagnosticAtStart(.wrongKind, "\(title) is \(wanted), not \(kindTitle)", hint: hint))
    }

    private var textHint: String? {
        guard let scalar, !scalar.text.utf8.isEmpty else { return nil }
        return "quote it to make it a text: \"\(scalar.text)\""
    }
}
