/// One finding about a file: what is wrong, where, and what to do.
package struct Diagnostic: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: String, Sendable, Hashable, CaseIterable {
        /// The file is not used.
        case error
        /// The file is used; something in it is probably not meant.
        case warning
    }

    /// Whether the file can be used nevertheless.
    package var severity: Severity
    /// What kind of finding it is.
    package var code: DiagnosticCode
    /// The file's name as it was handed in.
    package var file: String
    /// From 1.
    package var line: Int
    /// From 1, counted in Unicode scalars.
    package var column: Int
    /// How many scalars of the line are meant; at least 1.
    package var length: Int
    /// The line as it stands in the file, without its end.
    package var sourceLine: String
    /// What is wrong, on one line.
    package var message: String
    /// What to do about it, on one line, when the bridge can tell.
    package var hint: String?

    /// A finding, an error unless said otherwise.
    package init(
        severity: Severity = .error, code: DiagnosticCode, file: String, line: Int, column: Int, length: Int = 1,
        sourceLine: String, message: String, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.length = max(1, length)
        self.sourceLine = sourceLine
        self.message = message
        self.hint = hint
    }
}

extension Diagnostic {
    /// The finding with its source line and a caret, as `check` prints it; no newline at the end.
    package var rendered: String {
        let number = String(line)
        let gutter = String(repeating: " ", count: number.utf8.count)
        var text = "\(severity.rawValue)[\(code.rawValue)]: \(Self.printable(message))\n"
        text += "\(gutter)--> \(file):\(line):\(column)\n"
        text += "\(gutter) |\n"
        text += sourceLine.utf8.isEmpty ? "\(number) |\n" : "\(number) | \(Self.printable(sourceLine))\n"
        text += "\(gutter) | \(indentation)\(carets)"
        if let hint { text += " \(Self.printable(hint))" }
        return text + "\n\(gutter) = explain: vpsbridge explain \(code.rawValue)"
    }

    /// What stands before the caret, with tabs kept so that the caret stays under its text.
    private var indentation: String {
        var text = ""
        for scalar in sourceLine.unicodeScalars.prefix(max(0, column - 1)) {
            text.unicodeScalars.append(scalar == "\t" ? "\t" : " ")
        }
        return text
    }

    /// Never longer than the rest of the line, so that a wrong length can not flood a terminal.
    private var carets: String {
        let rest = sourceLine.unicodeScalars.count - (column - 1)
        return String(repeating: "^", count: max(1, min(length, rest)))
    }

    /// Control characters could move a terminal's cursor or hide text; they are shown as a replacement mark.
    private static func printable(_ line: String) -> String {
        var text = ""
        for scalar in line.unicodeScalars {
            let isControl = (scalar.value < 0x20 && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
            text.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return text
    }
}

extension [Diagnostic] {
    /// Whether any finding keeps the files from being used.
    package var hasErrors: Bool { contains { $0.severity == .error } }

    /// All findings as text, an empty line between two, in the order of file, line and column.
    package var rendered: String {
        sortedByPosition.map(\.rendered).joined(separator: "\n\n")
    }

    /// In the order of the files as first mentioned, then by line and column; stable.
    package var sortedByPosition: [Diagnostic] {
        var order: [String: Int] = [:]
        for finding in self where order[finding.file] == nil { order[finding.file] = order.count }
        return enumerated().sorted { left, right in
            let leftKey = (order[left.element.file] ?? 0, left.element.line, left.element.column, left.offset)
            let rightKey = (order[right.element.file] ?? 0, right.element.line, right.element.column, right.offset)
            return leftKey < rightKey
        }.map(\.element)
    }
}
