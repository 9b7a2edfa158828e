import JSON
import Rules

/// Writes the benchmark's rules as rule files.
enum RuleText {
    /// Rules in a file; files have a limit of their own.
    private static let rulesInFile = 1_000

    static func files(_ rules: [JSONValue]) -> [RuleSource] {
        var files: [RuleSource] = []
        var start = 0
        while start < rules.count {
            let part = rules[start..<min(start + rulesInFile, rules.count)]
            let text = "version: 1\nrules:\n" + part.map(rule).joined()
            files.append(RuleSource(name: "rules/bench-\(files.count).yaml", text: text))
            start += rulesInFile
        }
        return files
    }

    private static func rule(_ rule: JSONValue) -> String {
        var text = "  - name: \(rule["id"]?.stringValue ?? "")\n    trigger: alertmanager\n    when:\n"
        for condition in rule["all"]?.arrayValue ?? [] {
            for expression in expressions(condition, "event.payload") { text += "      - '\(expression)'\n" }
        }
        return text + "    autonomy: observe\n    actions: [{action: notify, with: {channel: ops, text: matched}}]\n"
    }

    /// A rule's conditions, one for each of its parts.
    static func conditions(_ rule: JSONValue, prefix: String) -> [String] {
        (rule["all"]?.arrayValue ?? []).flatMap { expressions($0, prefix) }
    }

    /// The condition as the language writes it.
    private static func expressions(_ condition: JSONValue, _ prefix: String) -> [String] {
        let steps = (condition["path"]?.arrayValue ?? []).compactMap(\.stringValue)
        let path = prefix + "." + steps.joined(separator: ".")
        switch condition["op"]?.stringValue {
        case "eq": return ["\(path) == \(condition["value"]?.description ?? "")"]
        case "in": return ["\(path) in \(condition["values"]?.description ?? "")"]
        case "prefix": return ["\(path).startsWith(\(condition["value"]?.description ?? ""))"]
        default:
            let low = condition["gt"]?.intValue ?? 0
            let high = condition["le"]?.intValue ?? 0
            return ["\(path) > \(low).0", "\(path) <= \(high).0"]
        }
    }
}
