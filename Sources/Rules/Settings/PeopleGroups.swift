/// Reads groups of people: names to lists of the chat's ids, which rules name in `permissions` and `approvers`.
package enum PeopleGroups {
    /// No group has more people.
    static let maxPeople = 1_000

    /// The groups that are well written; the others are reported. A group may be empty: it then lets nobody.
    package static func read(_ node: YAMLNode, _ collector: DiagnosticCollector) -> [String: [String]] {
        guard case .mapping(let entries) = node.content else {
            collector.report(
                node.diagnosticAtStart(
                    .wrongKind, "`groups` is a mapping of names to lists of people",
                    hint: "write `groups: {oncall: [U012ABCDEF]}`"))
            return [:]
        }
        var groups: [String: [String]] = [:]
        for entry in entries {
            guard RuleNames.isRuleName(entry.name) else {
                collector.report(
                    entry.key.diagnostic(
                        .badName, "`\(entry.name)` can not be a group's name",
                        hint: "lower-case letters, digits, `-`, `_` and `.`, at most 64"))
                continue
            }
            if let people = entry.value.identifiers("the people of group `\(entry.name)`", max: maxPeople, collector) {
                groups[entry.name] = people
            }
        }
        return groups
    }
}
