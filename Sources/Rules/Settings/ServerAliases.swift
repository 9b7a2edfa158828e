package import Model

/// Reads `aliases`: other names of servers, by name to id.
package enum ServerAliases {
    /// The aliases that are well written; the others are reported.
    package static func read(_ node: YAMLNode, _ collector: DiagnosticCollector) -> [String: ServerID] {
        guard case .mapping(let entries) = node.content else {
            collector.report(node.diagnostic(.wrongKind, "`aliases` is a mapping of names to server ids"))
            return [:]
        }
        var aliases: [String: ServerID] = [:]
        for entry in entries {
            if let id = entry.value.int("the server id of alias `\(entry.name)`", in: 1...Int.max, collector) {
                aliases[entry.name] = ServerID(rawValue: Int64(id))
            }
        }
        return aliases
    }
}
