/// A command as a rule declares it: its words and its arguments.
package struct CommandTrigger: Sendable {
    /// The command without its slash, such as `vps`.
    package let name: String
    /// The words after it that belong to the command, such as `reboot`.
    package let words: [String]
    /// In the order in which they are given without names.
    package let arguments: [CommandArgument]

    /// How to call it, on one line: `/vps reboot SERVER [--force]`.
    package var usage: String {
        let shown = arguments.map { argument in
            if argument.type == .bool { return "[--\(argument.name)]" }
            let upper = String(decoding: argument.name.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
            return argument.isRequired ? upper : "[\(upper)]"
        }
        return (["/\(name)"] + words + shown).joined(separator: " ")
    }
}

/// One argument of a command.
package struct CommandArgument: Sendable {
    /// What an argument's text is read as.
    package enum ValueType: String, Sendable, CaseIterable {
        case string
        case int
        case bool
    }

    /// Its name in `args` and, with `--` before it, in the command.
    package let name: String
    /// What its text is read as.
    package let type: ValueType
    /// Whether a command without it is wrongly called.
    package let isRequired: Bool
    /// What it is when it was not given; without it, the argument is then missing.
    package let defaultValue: CELValue?
    /// The longest text, in Unicode scalars.
    package let maxLength: Int
    /// What a text has to match; `nil` is any.
    package let pattern: Shape?

    /// A regular expression (RE2) that a text has to match, somewhere unless it is anchored.
    package struct Shape: Sendable {
        /// As it was written.
        package let source: String
        let pattern: Pattern

        func fits(_ text: String) -> Bool {
            var meter = CELMeter()
            return (try? pattern.matches(text, meter: &meter)) ?? false
        }
    }
}

/// What a typed command is to a rule.
package enum CommandMatch: Sendable {
    /// Another command.
    case notThis
    /// This command, wrongly called; the message says how to call it and may be shown to the person.
    case bad(String)
    case matched(args: [String: CELValue])
}
