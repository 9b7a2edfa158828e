/// How often a rule said nothing because a key was missing.
package struct MissingCount: Sendable, Hashable {
    /// The rule's name.
    package let rule: String
    /// The path that was not there, as the rule writes it.
    package let path: String
    /// For how many events it was missing.
    ///
    /// Where the index looks at the path, every event without it is counted, also when another condition of the rule was false.
    package let count: Int

    package init(rule: String, path: String, count: Int) {
        self.rule = rule
        self.path = path
        self.count = count
    }

    struct Key: Hashable {
        let rule: String
        let path: String
    }

    var key: Key { Key(rule: rule, path: path) }
}

/// A rule that has said nothing but "missing" to every event so far: most likely a name in it is misspelt.
package struct SilentRule: Sendable, Hashable {
    /// The rule's name.
    package let rule: String
    /// The path that was not there in the last event.
    package let path: String
    /// To how many events.
    package let events: Int
    /// Names in the last event that are like the path's last one, the nearest first; at most three.
    package let nearKeys: [String]
}
