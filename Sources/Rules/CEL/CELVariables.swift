/// What names mean while an expression is evaluated.
package protocol CELVariables {
    /// The value of a name, or of a whole chain of names such as `event.labels`; `nil` when it has none.
    ///
    /// A chain that has no value is tried again without its last name, so a source may know only `event`.
    func value(named name: String) -> CELValue?
}

/// Names and their values in a dictionary.
package struct CELVariableTable: CELVariables {
    package var values: [String: CELValue]

    package init(_ values: [String: CELValue] = [:]) {
        self.values = values
    }

    package func value(named name: String) -> CELValue? { values[name] }
}
