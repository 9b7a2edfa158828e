/// A value of a YAML file with the place where it stands.
///
/// Scalars are typed by the core schema of YAML 1.2, by us and not by the parser: `no`, `1:30` and `2001-01-01` are texts.
package struct YAMLNode: Sendable {
    /// What kind of value it is, with its parts.
    package enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
        /// Something that is refused and already reported: whoever meets it says no more about it.
        case refused
    }

    /// The value.
    package let content: Content
    /// The file that it stands in.
    package let source: YAMLSource
    /// From 1.
    package let line: Int
    /// From 1, counted in Unicode scalars.
    package let column: Int

    /// The value when it is a scalar.
    package var scalar: YAMLScalar? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar
    }

    var isRefused: Bool {
        if case .refused = content { return true }
        return false
    }

    /// What kind of value it is, for messages.
    package var kindTitle: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .refused: "something that can not be read"
        case .scalar(let scalar): scalar.value.title
        }
    }
}

/// One key of a mapping with its value.
package struct YAMLEntry: Sendable {
    /// The key's text; keys are always texts.
    package let name: String
    /// The key itself, to point at.
    package let key: YAMLNode
    /// What stands under the key.
    package let value: YAMLNode
}

/// The file that a node stands in, kept to show its lines.
package final class YAMLSource: Sendable {
    /// The name as it was handed in.
    package let file: String
    /// The lines without their ends.
    package let lines: [String]

    /// Splits the text at line feeds; a carriage return before one belongs to the line's end.
    package init(file: String, text: String) {
        self.file = file
        lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
        }
    }

    /// The line of that number, from 1; empty when there is none.
    package func line(_ number: Int) -> String {
        lines.indices.contains(number - 1) ? lines[number - 1] : ""
    }
}
