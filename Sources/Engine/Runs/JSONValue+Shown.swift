import JSON

extension JSONValue {
    /// The value as a text for people: a text as it is, anything else as JSON.
    var shownText: String { stringValue ?? description }
}
