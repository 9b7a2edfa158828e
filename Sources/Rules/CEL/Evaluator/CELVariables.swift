/// What names mean while an expression is evaluated.
protocol CELVariables {
    /// The value of a name, or of a whole chain of names such as `event.labels`; `nil` when it has none.
    ///
    /// A chain that has no value is tried again without its last name, so a source may know only `event`.
    func value(named name: String) -> CELValue?
}

/// Names and their values in a dictionary.
struct CELVariableTable: CELVariables {
    var values: [String: CELValue]

    init(_ values: [String: CELValue] = [:]) {
        self.values = values
    }

    func value(named name: String) -> CELValue? { values[name] }
}
