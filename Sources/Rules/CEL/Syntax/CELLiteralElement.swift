/// An element of a list literal; `[?x]` leaves out an empty optional.
struct CELListElement: Sendable {
    let value: CELNode
    let isOptional: Bool
}

/// An entry of a map literal; `{?k: x}` leaves out an empty optional.
struct CELMapElement: Sendable {
    let key: CELNode
    let value: CELNode
    let isOptional: Bool
}
