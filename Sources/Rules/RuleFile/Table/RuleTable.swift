/// The keys of one kind of mapping in a rule file.
///
/// The loader and the JSON Schema are driven by these tables alone: what is not here is not read.
struct RuleTable: Sendable {
    /// Unique; the schema's name for it, such as `limits`.
    let name: String
    /// How messages call such a mapping, such as ``a rung``.
    let title: String
    let keys: [RuleKey]
    /// Keys that mean something in another place, or in other programs, each with a hint.
    var elsewhere: [String: String] = [:]

    var keyNames: [String] { keys.map(\.name) }

    func key(_ name: String) -> RuleKey? {
        keys.first { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

/// One key: what it takes and what it is for.
struct RuleKey: Sendable {
    let name: String
    let shape: KeyShape
    var isRequired = false
    /// What it is when it is not there, as it would be written; `nil` when there is nothing to say.
    var standard: String?
    /// One sentence or two, for editors and people.
    let text: String

    init(_ name: String, _ shape: KeyShape, required: Bool = false, standard: String? = nil, _ text: String) {
        self.name = name
        self.shape = shape
        isRequired = required
        self.standard = standard
        self.text = text
    }
}

/// What a key takes.
indirect enum KeyShape: Sendable {
    /// A text; the pattern, when given, is one that editors can use too.
    case text(pattern: String? = nil, maxLength: Int? = nil)
    /// A text, or a whole number that stands for one.
    case identifier
    case bool
    case int(ClosedRange<Int>)
    case span(ClosedRange<Duration>)
    /// An amount of money: digits, and at most four decimals after a point.
    case amount
    case choice([String])
    /// A CEL expression.
    case expression
    /// A text with `${{ }}` in it.
    case template
    /// Any value; with `${{ }}` in its texts.
    case value
    /// Any value without expressions.
    case plain
    case list(KeyShape, ClosedRange<Int>)
    /// A mapping whose keys are names of the author's own.
    case map(KeyShape)
    case table(RuleTable)
    /// A step: the name of an action, or a mapping whose `with` depends on it.
    case step
    /// The forms of one thing, the shortest first.
    case oneOf([KeyShape])
}
