/// Gathers what one reading of files finds. Not shared between threads.
package final class DiagnosticCollector {
    /// At most this many are kept: a file that is wrong everywhere needs no more.
    static let limit = 200

    /// What was reported so far, in that order.
    package private(set) var diagnostics: [Diagnostic] = []
    /// All errors that were reported, also those that were not kept.
    package private(set) var errorCount = 0

    /// Whether no further finding is kept: nobody needs to think of a hint for it.
    var isFull: Bool { diagnostics.count >= Self.limit }
    /// Every key that was asked for, as `table.key`, when the reader is being watched; only tests do.
    private(set) var readKeys: Set<String>?

    /// A collector with nothing in it.
    package init() {}

    /// A collector that remembers which keys the reader asks for.
    init(watchesKeys: Bool) {
        if watchesKeys { readKeys = [] }
    }

    func noteRead(_ table: String, _ key: String) {
        if readKeys != nil { readKeys?.insert("\(table).\(key)") }
    }

    /// Adds a finding.
    package func report(_ diagnostic: Diagnostic) {
        if diagnostic.severity == .error { errorCount += 1 }
        if diagnostics.count < Self.limit { diagnostics.append(diagnostic) }
    }
}

extension YAMLSource {
    /// A finding at a place of this file.
    package func diagnostic(
        _ code: DiagnosticCode, severity: Diagnostic.Severity = .error, line: Int, column: Int, length: Int = 1,
        _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        Diagnostic(
            severity: severity, code: code, file: file, line: line, column: column, length: length, sourceLine: self.line(line),
            message: message, hint: hint)
    }
}

extension YAMLNode {
    /// A finding about this node; the caret spans a scalar's text on its line.
    package func diagnostic(
        _ code: DiagnosticCode, severity: Diagnostic.Severity = .error, _ message: String, hint: String? = nil
    ) -> Diagnostic {
        source.diagnostic(code, severity: severity, line: line, column: column, length: shownLength, message, hint: hint)
    }

    /// A finding about a part of this scalar's text, given in bytes.
    package func diagnostic(
        _ code: DiagnosticCode, severity: Diagnostic.Severity = .error, span: Range<Int>, _ message: String, hint: String? = nil
    ) -> Diagnostic {
        let start = position(ofByte: span.lowerBound)
        var length = 1
        if span.count > 1 {
            let last = position(ofByte: span.upperBound - 1)
            length = last.line == start.line ? last.column - start.column + 1 : source.line(start.line).unicodeScalars.count
        }
        return source.diagnostic(
            code, severity: severity, line: start.line, column: start.column, length: length, message, hint: hint)
    }

    private var shownLength: Int {
        guard case .scalar(let scalar) = content else { return 1 }
        switch scalar.style {
        case .plain: return scalar.text.unicodeScalars.count
        case .singleQuoted, .doubleQuoted: return scalar.text.unicodeScalars.count + 2
        case .block: return 1
        }
    }
}
