/// Reads a pattern in RE2's syntax: no back-references, no look-around, no possessive repetition.
struct PatternParser {
    /// How deep groups may be inside each other.
    private static let maxDepth = 64
    /// The largest count in `{n,m}`.
    private static let maxCount = 1_000

    struct Flags {
        var foldsCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags = Flags()
    private var depth = 0

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func take(_ wanted: Unicode.Scalar) -> Bool {
        guard current == wanted else { return false }
        position += 1
        return true
    }

    mutating func parse() throws(PatternError) -> PatternTree {
        let tree = try choice()
        guard current == nil else { throw PatternError("`)` closes nothing in the pattern") }
        return tree
    }

    private mutating func choice() throws(PatternError) -> PatternTree {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternTree {
        var parts: [PatternTree] = []
        while let next = current, next != "|", next != ")" {
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : (parts.isEmpty ? .empty : .sequence(parts))
    }

    private mutating func repeated(_ body: PatternTree) throws(PatternError) -> PatternTree {
        guard let (min, max) = try count() else { return body }
        // Whether it takes as much or as little as it can makes no difference to whether it matches.
        _ = take("?")
        if let next = current, next == "*" || next == "+" || next == "?" {
            throw PatternError("a repetition of a repetition in the pattern needs a group")
        }
        return .repetition(body, min: min, max: max)
    }

    private mutating func count() throws(PatternError) -> (min: Int, max: Int?)? {
        switch current {
        case "*":
            position += 1
            return (0, nil)
        case "+":
            position += 1
            return (1, nil)
        case "?":
            position += 1
            return (0, 1)
        case "{": return try bounds()
        default: return nil
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`; a brace that begins none of them stands for itself.
    private mutating func bounds() throws(PatternError) -> (min: Int, max: Int?)? {
        let start = position
        position += 1
        guard let min = try number() else {
            position = start
            return nil
        }
        var max: Int? = min
        if take(",") { max = try number() }
        guard take("}") else {
            position = start
            return nil
        }
        guard min <= Self.maxCount, (max ?? min) <= Self.maxCount, min <= (max ?? min) else {
            throw PatternError("a count in the pattern's braces is out of range")
        }
        return (min, max)
    }

    private mutating func number() throws(PatternError) -> Int? {
        var number: Int?
        while let digit = current, (0x30...0x39).contains(digit.value) {
            number = (number ?? 0) * 10 + Int(digit.value - 0x30)
            guard let number, number <= 100_000 else { throw PatternError("a count in the pattern's braces is out of range") }
            position += 1
        }
        return number
    }

    private mutating func atom() throws(PatternError) -> PatternTree {
        guard let scalar = current else { return .empty }
        position += 1
        switch scalar {
        case "(": return try group()
        case "[": return .take(folding(try bracketClass()))
        case ".": return .take(flags.dotTakesNewline ? .anything : .anythingOnLine)
        case "^": return .assert(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assert(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw PatternError("`\(scalar)` repeats nothing in the pattern")
        case "{":
            position -= 1
            if try bounds() != nil { throw PatternError("`{` repeats nothing in the pattern") }
            position += 1
            return .take(.one(scalar))
        default: return .take(folding(.one(scalar)))
        }
    }

    func folding(_ set: PatternClass) -> PatternClass {
        var set = set
        set.foldsCase = flags.foldsCase
        return set
    }

    // MARK: - Groups

    private mutating func group() throws(PatternError) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw PatternError("the pattern's groups are nested too deeply") }
        let outer = flags
        if take("?") {
            if try !groupHead() {
                // `(?i)` holds until the enclosing group ends, so that the flags stay.
                return .empty
            }
        }
        let tree = try choice()
        guard take(")") else { throw PatternError("a `(` in the pattern is not closed") }
        flags = outer
        return tree
    }

    /// What follows `(?`; whether a group's content follows.
    private mutating func groupHead() throws(PatternError) -> Bool {
        if take("P") || current == "<" {
            guard take("<") else { throw PatternError("`(?P` in the pattern is not followed by a name") }
            if current == "=" || current == "!" { throw PatternError("look-around is not supported in patterns") }
            while let next = current, next != ">" {
                guard PatternClass.word.contains(next) else { throw PatternError("a group's name holds letters, digits and `_`") }
                position += 1
            }
            guard take(">") else { throw PatternError("a group's name in the pattern is not closed") }
            return true
        }
        if current == "=" || current == "!" { throw PatternError("look-around is not supported in patterns") }
        var value = true
        while let flag = current {
            position += 1
            switch flag {
            case "i": flags.foldsCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotTakesNewline = value
            case "U": break
            case "-": value = false
            case ":": return true
            case ")": return false
            default: throw PatternError("`(?\(flag)` is not supported in patterns")
            }
        }
        throw PatternError("a `(` in the pattern is not closed")
    }
}
