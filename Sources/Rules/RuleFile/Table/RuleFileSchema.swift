package import JSON

/// The JSON Schema of rule files, made from the tables that the loader reads by.
package enum RuleFileSchema {
    static let dialect = "https://json-schema.org/draft/2020-12/schema"

    /// The schema, draft 2020-12; editors complete and check rule files by it.
    ///
    /// It says no more than the tables: what depends on two keys, on expressions or on vpsbridge.yaml is found by `check` alone.
    package static func json() -> JSONValue {
        var definitions = JSONObject()
        for table in RuleTables.all where table.name != RuleTables.file.name {
            definitions.members.append(member(table.name, object(table)))
        }
        definitions.members += [
            member("expression", expression), member("template", template), member("span", span), member("step_form", step),
        ]
        var root = JSONObject()
        root.members += [
            member("$schema", .string(dialect)), member("title", "VPSBridge rule file"),
            member("description", "Rules of VPSBridge; `vpsbridge check` finds what a schema can not."),
        ]
        if case .object(let file) = object(RuleTables.file) { root.members += file.members }
        root.members.append(member("$defs", .object(definitions)))
        return .object(root)
    }

    // MARK: - Shared forms

    /// YAML has types of its own, so that `true` or `1` as an expression is no text.
    private static let expression: JSONValue = [
        "description": "An expression in CEL.", "type": ["string", "boolean", "number"],
    ]

    private static let template: JSONValue = [
        "description": "A text; `${{ expression }}` stands for its value.", "type": ["string", "boolean", "number"],
    ]

    private static let span: JSONValue = [
        "description": "A span of time: `90s`, `2m`, `1h30m`, `7d`.", "type": "string",
        "minLength": 2,
        "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    ]

    /// The name of an action that takes nothing, or a mapping whose `with` fits its action.
    private static var step: JSONValue {
        let short = ActionName.allCases.filter { !$0.needsWith }.map { JSONValue.string($0.rawValue) }
        let forms = ActionName.allCases.map { name -> JSONValue in
            var then = JSONObject()
            if let table = name.with {
                then.members.append(member("properties", ["with": reference(table.name)]))
                if name.needsWith { then.members.append(member("required", ["with"])) }
            } else {
                then.members.append(member("properties", ["with": .bool(false)]))
            }
            return [
                "if": ["properties": ["action": ["const": .string(name.rawValue)]], "required": ["action"]],
                "then": .object(then),
            ]
        }
        return [
            "oneOf": [
                ["enum": .array(short)],
                .object(
                    JSONObject([
                        member("$ref", .string("#/$defs/\(RuleTables.step.name)")), member("allOf", .array(forms)),
                    ])),
            ]
        ]
    }

    // MARK: - Tables and shapes

    private static func object(_ table: RuleTable) -> JSONValue {
        var properties = JSONObject()
        for key in table.keys { properties.members.append(member(key.name, property(key))) }
        var object = JSONObject([member("type", "object"), member("properties", .object(properties))])
        let required = table.keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { object.members.append(member("required", .array(required))) }
        object.members.append(member("additionalProperties", .bool(false)))
        return .object(object)
    }

    private static func property(_ key: RuleKey) -> JSONValue {
        var text = key.text
        if let standard = key.standard { text += " Default: `\(standard)`." }
        var members = [member("description", .string(text))]
        if key.name == "action" {
            let hints = ActionName.allCases.map { "`\($0.rawValue)`: \($0.text)" }
            members[0] = member("description", .string(([text] + hints).joined(separator: "\n")))
        }
        return .object(JSONObject(members + self.members(key.shape)))
    }

    private static func members(_ shape: KeyShape) -> [JSONObject.Member] {
        switch shape {
        case .text(let pattern, let maxLength):
            return [member("type", "string"), member("minLength", 1)]
                + (pattern.map { [member("pattern", .string($0))] } ?? [])
                + (maxLength.map { [member("maxLength", .int(Int64($0)))] } ?? [])
        case .identifier: return [member("type", ["string", "integer"])]
        case .bool: return [member("type", "boolean")]
        case .int(let range):
            return [
                member("type", "integer"), member("minimum", .int(Int64(range.lowerBound))),
                member("maximum", .int(Int64(range.upperBound))),
            ]
        case .amount: return [member("type", ["number", "string"])]
        case .span: return [member("$ref", "#/$defs/span")]
        case .choice(let words): return [member("enum", .array(words.map { .string($0) }))]
        case .expression: return [member("$ref", "#/$defs/expression")]
        case .template: return [member("$ref", "#/$defs/template")]
        case .value, .plain: return []
        case .list(let element, let range):
            return [
                member("type", "array"), member("items", .object(JSONObject(members(element)))),
                member("minItems", .int(Int64(range.lowerBound))), member("maxItems", .int(Int64(range.upperBound))),
            ]
        case .map(let element):
            let value = members(element)
            return [
                member("type", "object"),
                member("additionalProperties", value.isEmpty ? .bool(true) : .object(JSONObject(value))),
            ]
        case .table(let table): return [member("$ref", .string("#/$defs/\(table.name)"))]
        case .step: return [member("$ref", "#/$defs/step_form")]
        case .oneOf(let forms): return [member("anyOf", .array(forms.map { .object(JSONObject(members($0))) }))]
        }
    }

    private static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/$defs/\(name)")] }

    private static func member(_ name: String, _ value: JSONValue) -> JSONObject.Member {
        JSONObject.Member(name: name, value: value)
    }
}
