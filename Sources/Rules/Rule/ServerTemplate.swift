package import JSON

/// The body of `POST /api/v1/servers/`, with expressions in it.
package struct ServerTemplate: Sendable {
    /// A mapping with `name`, `plan_id`, `os_id` and `location` at least.
    package let body: ValueTemplate

    /// The body for one server; the context has its `slot`.
    ///
    /// - Throws: ``EvaluationFailure`` of an expression without a value; and of kind `invalid_value` when the name is not one to
    ///   63 letters, digits and hyphens.
    package func render(_ context: EvaluationContext) throws(EvaluationFailure) -> JSONValue {
        let value = try body.render(context)
        guard let name = value["name"]?.stringValue, Self.isName(name) else {
            throw EvaluationFailure(.invalidValue, "the name of a new server is letters, digits and hyphens, at most 63")
        }
        return value
    }

    /// The plan that is written in it, `nil` when an expression says it.
    var plan: Int64? {
        guard case .map(let members) = body.root, case .int(let plan)? = members.first(where: { $0.name == "plan_id" })?.value
        else { return nil }
        return plan
    }

    static func isName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.first != 0x2D && isNamePart(text)
    }

    static func isNamePart(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || CELLexer.isDigit(byte) || byte == 0x2D
        }
    }
}
