package import JSON

/// `server.replace` and `server.update`: a server's name, hostname and backup setting.
package struct ServerFields: Sendable {
    /// Whether all three are sent (PUT) rather than those that are given (PATCH).
    package let replaces: Bool
    /// A mapping with `name`, `hostname` and `backups_enabled`, or some of them.
    package let body: ValueTemplate

    /// The body for the server of the context.
    ///
    /// - Throws: ``EvaluationFailure`` of an expression without a value; and of kind `invalid_value` when the name is not one to
    ///   63 letters, digits and hyphens, the hostname is no text, or the setting is neither true nor false.
    package func render(_ context: EvaluationContext) throws(EvaluationFailure) -> JSONValue {
        let value = try body.render(context)
        if let name = value["name"], !(name.stringValue.map(ServerTemplate.isName) ?? false) {
            throw EvaluationFailure(.invalidValue, "the name of a server is letters, digits and hyphens, at most 63")
        }
        if let hostname = value["hostname"], !(hostname.stringValue.map { !$0.utf8.isEmpty && $0.utf8.count <= 253 } ?? false) {
            throw EvaluationFailure(.invalidValue, "the hostname of a server is a text of at most 253 bytes")
        }
        if let backups = value["backups_enabled"], backups.boolValue == nil {
            throw EvaluationFailure(.invalidValue, "`backups_enabled` is true or false")
        }
        return value
    }
}
