/// A call as it stands, and the forms of the function that it names.
struct CheckedCall {
    let name: String
    let overloads: [CELOverload]
    let isMember: Bool
    /// The arguments; for a member call, the value before the dot comes first.
    let nodes: [CELNode]
    let nameSpan: Range<Int>
    let span: Range<Int>
}
