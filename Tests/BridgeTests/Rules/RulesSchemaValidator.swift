import JSON

@testable import Rules

/// As much of JSON Schema (draft 2020-12) as the schema of rule files uses; a keyword that it does not know is a finding.
struct RulesSchemaValidator {
    let root: JSONValue

    func findings(_ value: JSONValue) -> [String] { findings(value, root, "") }

    private func findings(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
        if case .bool(let allowed) = schema { return allowed ? [] : ["\(path): not allowed"] }
        guard case .object(let object) = schema else { return ["\(path): no schema"] }
        return object.members.flatMap { check($0.name, $0.value, value, schema, path) }
    }

    private func check(_ word: String, _ rule: JSONValue, _ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
        switch word {
        case "$schema", "title", "description", "$defs", "then": return []
        case "$ref":
            let name = String((rule.stringValue ?? "").dropFirst("#/$defs/".count))
            return findings(value, root["$defs"]?[name] ?? .null, path)
        case "type":
            let types = rule.arrayValue?.compactMap(\.stringValue) ?? [rule.stringValue ?? ""]
            return types.contains { isOf(type: $0, value) } ? [] : ["\(path): not \(types)"]
        case "enum": return (rule.arrayValue ?? []).contains(value) ? [] : ["\(path): not one of the words"]
        case "const": return rule == value ? [] : ["\(path): not the word"]
        case "minimum": return number(value).map { $0 >= number(rule) ?? 0 } ?? true ? [] : ["\(path): too small"]
        case "maximum": return number(value).map { $0 <= number(rule) ?? 0 } ?? true ? [] : ["\(path): too large"]
        case "minLength":
            return (value.stringValue?.unicodeScalars.count ?? .max) >= Int(number(rule) ?? 0) ? [] : ["\(path): short"]
        case "maxLength": return (value.stringValue?.unicodeScalars.count ?? 0) <= Int(number(rule) ?? 0) ? [] : ["\(path): long"]
        case "minItems": return (value.arrayValue?.count ?? .max) >= Int(number(rule) ?? 0) ? [] : ["\(path): too few"]
        case "maxItems": return (value.arrayValue?.count ?? 0) <= Int(number(rule) ?? 0) ? [] : ["\(path): too many"]
        case "pattern": return matches(rule, value) ? [] : ["\(path): not of the pattern"]
        case "properties":
            return (rule.objectValue?.members ?? []).flatMap { member in
                value[member.name].map { findings($0, member.value, "\(path)/\(member.name)") } ?? []
            }
        case "required":
            guard value.objectValue != nil else { return [] }
            return (rule.arrayValue ?? []).compactMap(\.stringValue).filter { value[$0] == nil }.map { "\(path): no \($0)" }
        case "additionalProperties":
            let known = schema["properties"]?.objectValue?.members.map(\.name) ?? []
            return (value.objectValue?.members ?? []).filter { !known.contains($0.name) }.flatMap {
                findings($0.value, rule, "\(path)/\($0.name)")
            }
        case "items": return (value.arrayValue ?? []).enumerated().flatMap { findings($1, rule, "\(path)/\($0)") }
        case "anyOf": return holding(rule, value, path).isEmpty ? ["\(path): none of the forms"] : []
        case "oneOf": return holding(rule, value, path).count == 1 ? [] : ["\(path): not one of the forms"]
        case "allOf": return (rule.arrayValue ?? []).flatMap { findings(value, $0, path) }
        case "if": return findings(value, rule, path).isEmpty ? findings(value, schema["then"] ?? .bool(true), path) : []
        default: return ["\(path): the keyword \(word) is not known"]
        }
    }

    private func holding(_ rule: JSONValue, _ value: JSONValue, _ path: String) -> [JSONValue] {
        (rule.arrayValue ?? []).filter { findings(value, $0, path).isEmpty }
    }

    private func isOf(type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("integer", .int), ("number", .int),
            ("number", .double), ("null", .null):
            true
        default: false
        }
    }

    private func number(_ value: JSONValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    private func matches(_ rule: JSONValue, _ value: JSONValue) -> Bool {
        guard let text = value.stringValue, let source = rule.stringValue, let pattern = try? Pattern(source) else {
            return value.stringValue == nil
        }
        var meter = CELMeter()
        return (try? pattern.matches(text, meter: &meter)) ?? false
    }

    /// Every `$ref` of a schema.
    static func references(in schema: JSONValue) -> [String] {
        switch schema {
        case .array(let items): items.flatMap { references(in: $0) }
        case .object(let object):
            object.members.flatMap { member in
                member.name == "$ref" ? [member.value.stringValue ?? ""] : references(in: member.value)
            }
        default: []
        }
    }

    /// A YAML value as JSON.
    static func json(_ node: YAMLNode) -> JSONValue {
        switch node.content {
        case .refused: return .null
        case .sequence(let items): return .array(items.map { json($0) })
        case .mapping(let entries):
            return .object(JSONObject(entries.map { JSONObject.Member(name: $0.name, value: json($0.value)) }))
        case .scalar(let scalar):
            switch scalar.value {
            case .null: return .null
            case .bool(let flag): return .bool(flag)
            case .int(let number): return .int(number)
            case .double(let number): return .double(number)
            case .string: return .string(scalar.text)
            }
        }
    }
}
