package import Model
package import Rules

/// The rule files as they were read at one time, and the revision that names them.
package struct RuleFiles: Sendable {
    /// The files in the order of their names.
    package let files: [RuleSource]
    /// A hash over names and texts: the same files always have the same revision.
    package let revision: RuleSetRevision

    /// Files with the revision that was computed over them.
    package init(files: [RuleSource], revision: RuleSetRevision) {
        self.files = files
        self.revision = revision
    }
}

/// Why a folder of rule files, or one of its files, can not be read.
package struct UnreadableRules: Error, Sendable, Hashable, CustomStringConvertible {
    /// Names the path and what is wrong with it.
    package let description: String

    /// A reason for people, with the path.
    package init(_ description: String) {
        self.description = description
    }
}
