/// `may` of a source: the actions that its events may lead to. People can be told in any case.
package struct SourcePermission: Sendable, Hashable {
    /// The actions' names, such as `server.reboot`.
    package let actions: [String]

    package init(_ actions: [String]) {
        self.actions = actions
    }

    /// Whether an action of that name may be done; `notify` and `wait` change nothing.
    package func allows(_ action: String) -> Bool {
        Self.harmless.contains { $0.utf8.elementsEqual(action.utf8) } || actions.contains { $0.utf8.elementsEqual(action.utf8) }
    }

    private static let harmless = ["notify", "wait"]

    /// Reads the list; a name that is no action is reported.
    package static func read(_ node: YAMLNode, _ title: String, _ collector: DiagnosticCollector) -> SourcePermission? {
        guard let names = node.identifiers(title, max: 20, collector) else { return nil }
        let known = ActionName.allCases.map(\.rawValue)
        for name in names where !known.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
            collector.report(
                node.diagnostic(
                    .unknownValue, "\(title) names the action `\(name)`, which there is not",
                    hint: Suggestion.hint(for: name, among: known) ?? "actions are " + known.joined(separator: ", ")))
        }
        return SourcePermission(names)
    }
}
