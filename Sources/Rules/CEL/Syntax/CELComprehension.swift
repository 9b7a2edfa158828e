/// A macro that walks a list or a map, or looks into an optional.
struct CELComprehension: Sendable {
    enum Macro: String, Sendable, CaseIterable {
        case all
        case exists
        case existsOne = "exists_one"
        case map
        case filter
        case transformList
        case transformMap
        case transformMapEntry
        case optMap
        case optFlatMap

        /// The macro of that name, also under its second name.
        init?(name: String) {
            self.init(rawValue: name == "existsOne" ? "exists_one" : name)
        }

        /// Whether it evaluates its body at most once, with the value of an optional.
        var bindsOptional: Bool { self == .optMap || self == .optFlatMap }
    }

    let macro: Macro
    let range: CELNode
    /// The element (or a map's key); with a second variable, the list's index or the map's key.
    let variable: String
    /// The list's element or the map's value; `nil` for the forms with one variable.
    var secondVariable: String?
    /// The predicate of `all`, `exists`, `exists_one`, `filter`, and the optional one of `map` and `transform…`.
    let condition: CELNode?
    /// What `map`, `transform…`, `optMap` and `optFlatMap` make.
    let result: CELNode?
}

/// `cel.bind(name, value, body)`: a name for a value that is computed once.
struct CELBinding: Sendable {
    let name: String
    let value: CELNode
    let body: CELNode
}
