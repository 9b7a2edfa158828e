package import JSON
package import Model

/// What candidate rules would have done otherwise than the present ones.
package struct ReplayDifference: Sendable {
    /// One action that both took at different instants, or that only one of them took.
    package struct Change: Sendable, Hashable {
        package enum Kind: String, Sendable, Hashable {
            /// Only the candidate takes it.
            case added
            /// Only the present rules take it.
            case removed
            /// Both take it, at different instants.
            case moved
        }

        package var kind: Kind
        package var rule: String
        package var action: String
        package var target: String
        /// When the present rules took it.
        package var before: Timestamp?
        /// When the candidate takes it.
        package var after: Timestamp?
    }

    /// By rule, then by time.
    package let changes: [Change]
    /// How many actions are the same.
    package let same: Int

    private struct Key: Hashable {
        var rule: [UInt8]
        var action: [UInt8]
        var target: [UInt8]

        init(_ action: ReplayAction) {
            (rule, self.action, target) = (Array(action.rule.utf8), Array(action.action.utf8), Array(action.target.utf8))
        }
    }

    /// Compares what both did; of each rule, action and target the instants that both have are the same, and of the others the first
    /// goes with the first.
    package init(present: [ReplayAction], candidate: [ReplayAction]) {
        var before = Dictionary(grouping: present, by: Key.init)
        var changes: [Change] = []
        var same = 0
        for (key, actions) in Dictionary(grouping: candidate, by: Key.init) {
            var old = before.removeValue(forKey: key) ?? []
            var new: [ReplayAction] = []
            for action in actions {
                if let index = old.firstIndex(where: { $0.at == action.at }) {
                    old.remove(at: index)
                    same += 1
                } else {
                    new.append(action)
                }
            }
            let pairs = min(old.count, new.count)
            changes += zip(old, new).map { Self.change(.moved, $1, before: $0.at, after: $1.at) }
            changes += old.dropFirst(pairs).map { Self.change(.removed, $0, before: $0.at, after: nil) }
            changes += new.dropFirst(pairs).map { Self.change(.added, $0, before: nil, after: $0.at) }
        }
        for action in before.values.joined() { changes.append(Self.change(.removed, action, before: action.at, after: nil)) }
        self.changes = changes.sorted(by: Self.comesBefore)
        self.same = same
    }

    private static func change(_ kind: Change.Kind, _ action: ReplayAction, before: Timestamp?, after: Timestamp?) -> Change {
        Change(kind: kind, rule: action.rule, action: action.action, target: action.target, before: before, after: after)
    }

    private static func comesBefore(_ left: Change, _ right: Change) -> Bool {
        func words(_ change: Change) -> [String] { [change.action, change.target, change.kind.rawValue] }
        if !left.rule.utf8.elementsEqual(right.rule.utf8) {
            return left.rule.utf8.lexicographicallyPrecedes(right.rule.utf8)
        }
        let (one, other) = (left.before ?? left.after, right.before ?? right.after)
        if let one, let other, one != other { return one < other }
        for (mine, theirs) in zip(words(left), words(right)) where !mine.utf8.elementsEqual(theirs.utf8) {
            return mine.utf8.lexicographicallyPrecedes(theirs.utf8)
        }
        return (left.after ?? Timestamp(microseconds: 0)) < (right.after ?? Timestamp(microseconds: 0))
    }

    /// A line for each change, with a line for each rule before its own.
    package var lines: [String] {
        var lines: [String] = []
        var rule: String?
        for change in changes {
            if rule.map({ !$0.utf8.elementsEqual(change.rule.utf8) }) ?? true {
                lines.append("rule \(change.rule)")
                rule = change.rule
            }
            lines.append("  \(change.line)")
        }
        return lines
    }

    package var json: JSONValue {
        .array(
            changes.map { change in
                [
                    "change": .string(change.kind.rawValue), "rule": .string(change.rule), "action": .string(change.action),
                    "target": .string(change.target), "before": change.before.map { .string($0.rfc3339) } ?? .null,
                    "after": change.after.map { .string($0.rfc3339) } ?? .null,
                ]
            })
    }
}

extension ReplayDifference.Change {
    fileprivate var line: String {
        let what = "\(action) \(target)"
        switch kind {
        case .added: return "+ \(after?.rfc3339 ?? "") \(what)"
        case .removed: return "- \(before?.rfc3339 ?? "") \(what)"
        case .moved: return "~ \(before?.rfc3339 ?? "") \(what), now at \(after?.rfc3339 ?? "")"
        }
    }
}
