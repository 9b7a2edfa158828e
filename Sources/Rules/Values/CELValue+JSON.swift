package import JSON

/// Between the values of expressions and JSON.
extension CELValue {
    /// A JSON value as expressions see it: whole numbers are int, others double, an object's members keep their order.
    package init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let items): self = .list(items.map { CELValue($0) })
        case .object(let object):
            self = .map(CELMap(texts: object.members.lazy.map { ($0.name, CELValue($0.value)) }))
        }
    }

    /// The value as JSON.
    ///
    /// Dates, spans and network addresses become texts (RFC 3339, `90s`, `10.0.0.0/8`), an optional becomes what it holds.
    /// - Throws: ``EvaluationFailure`` for what JSON has no form for: bytes, types, NaN and infinities, integers above
    ///   `Int64.max`, empty optionals, maps whose keys are not texts; and for a value of more than 10,000 parts.
    package func json() throws(EvaluationFailure) -> JSONValue {
        var parts = 0
        return try json(&parts)
    }

    private func json(_ parts: inout Int) throws(EvaluationFailure) -> JSONValue {
        parts += 1
        guard parts <= CELMeter.maxElements else { throw EvaluationFailure(.cost, "the value has too many parts") }
        switch self {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .int(number)
        case .uint(let number):
            guard let exact = Int64(exactly: number) else {
                throw EvaluationFailure(.overflow, "the number does not fit JSON's int")
            }
            return .int(exact)
        case .double(let number):
            guard number.isFinite else { throw EvaluationFailure(.invalidValue, "JSON has no infinite number and no NaN") }
            return .double(number)
        case .string(let text): return .string(text)
        case .timestamp(let instant): return .string(instant.text)
        case .duration(let span): return .string(span.text)
        case .ip(let address): return .string(address.text)
        case .cidr(let network): return .string(network.text)
        case .list(let items):
            var array: [JSONValue] = []
            for item in items { array.append(try item.json(&parts)) }
            return .array(array)
        case .map(let map):
            var object = JSONObject()
            for (key, value) in map.entries {
                guard case .string(let name) = key else {
                    throw EvaluationFailure(.type, "a JSON object's keys are texts, not \(key.type.title)")
                }
                object.members.append(JSONObject.Member(name: name, value: try value.json(&parts)))
            }
            return .object(object)
        case .optional(let inner):
            guard let inner else { throw EvaluationFailure(.missing, "the optional is empty", path: "optional") }
            return try inner.json(&parts)
        case .bytes, .type: throw EvaluationFailure(.type, "a value of type \(type.title) has no form in JSON")
        }
    }
}
