/// A function call; `target` is what stands before the dot of a member call.
struct CELCall: Sendable {
    let name: String
    /// `nil` for a name that is no function.
    let function: CELFunction?
    let target: CELNode?
    let arguments: [CELNode]
    /// Where the name stands, in UTF-8 bytes from the beginning of the expression.
    let nameSpan: Range<Int>
    /// The compiled pattern of a call of `matches` whose pattern is a constant and well-formed.
    let pattern: Pattern?

    init(name: String, function: CELFunction?, target: CELNode?, arguments: [CELNode], nameSpan: Range<Int>) {
        self.name = name
        self.function = function
        self.target = target
        self.arguments = arguments
        self.nameSpan = nameSpan
        if function == .matches, case .literal(.string(let text))? = arguments.last?.kind {
            pattern = try? Pattern(text)
        } else {
            pattern = nil
        }
    }
}
