/// Where a part of a scalar's text stands in its file.
extension YAMLNode {
    /// The line and column of the byte at `offset` of the scalar's text, as near as can be told.
    ///
    /// Quotes, escapes, indentation and folded lines are walked over: text and file are read side by side, and only white space
    /// may differ between them.
    package func position(ofByte offset: Int) -> (line: Int, column: Int) {
        guard case .scalar(let scalar) = content else { return (line, column) }
        var cursor = SourceCursor(source: source, line: line, column: column)
        switch scalar.style {
        case .plain: break
        case .singleQuoted, .doubleQuoted: cursor.step()
        case .block: cursor.nextLine()
        }
        var bytes = 0
        var last = cursor
        for wanted in scalar.text.unicodeScalars {
            let isSpace = wanted == " " || wanted == "\t" || wanted == "\n"
            if !isSpace { cursor.skipSpace() }
            last = cursor
            if bytes >= offset { return (cursor.line, cursor.column) }
            bytes += UTF8.width(wanted)
            if isSpace, cursor.isAtSpace {
                cursor.step()
            } else if !isSpace || scalar.style == .doubleQuoted {
                cursor.stepOver(style: scalar.style)
            }
        }
        return scalar.text.utf8.isEmpty ? (line, column) : (cursor.line, max(1, min(cursor.column, last.column + 1)))
    }
}

/// A place in a file that moves on by scalars.
private struct SourceCursor {
    let source: YAMLSource
    var line: Int
    var column: Int
    /// The scalars of the present line.
    private var scalars: [Unicode.Scalar]

    init(source: YAMLSource, line: Int, column: Int) {
        self.source = source
        self.line = line
        self.column = column
        scalars = Array(source.line(line).unicodeScalars)
    }

    private var isAtLineEnd: Bool { column > scalars.count }

    var isAtSpace: Bool {
        isAtLineEnd ? line < source.lines.count : scalars[column - 1] == " " || scalars[column - 1] == "\t"
    }

    mutating func step() {
        if isAtLineEnd { nextLine() } else { column += 1 }
    }

    mutating func nextLine() {
        guard line < source.lines.count else { return }
        line += 1
        column = 1
        scalars = Array(source.line(line).unicodeScalars)
    }

    mutating func skipSpace() {
        while isAtSpace { step() }
    }

    /// Over one scalar of the text, which may be several in the file.
    mutating func stepOver(style: YAMLScalar.Style) {
        guard !isAtLineEnd else { return }
        let present = scalars[column - 1]
        if style == .doubleQuoted, present == "\\", column < scalars.count {
            switch scalars[column] {
            case "x": column += 4
            case "u": column += 6
            case "U": column += 10
            default: column += 2
            }
        } else if style == .singleQuoted, present == "'" {
            column += 2
        } else {
            column += 1
        }
        column = min(column, scalars.count + 1)
    }
}
