/// Splits what a person typed into words and takes them as arguments.
///
/// The text comes from outside: its length, the number of words and every value are bounded, and control characters are refused.
struct CommandLine {
    static let maxBytes = 4_000
    static let maxWords = 64

    struct Problem: Error {
        let message: String
    }

    /// The words: separated by white space, grouped by double quotes, which may be typographic ones as phones write them.
    static func words(_ text: String) throws(Problem) -> [String] {
        guard text.utf8.count <= maxBytes else { throw Problem(message: "the command is too long") }
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var isQuoted = false
        var hasWord = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\u{201C}", "\u{201D}", "\u{201E}":
                isQuoted.toggle()
                hasWord = true
            case " ", "\t", "\n", "\r", "\u{A0}":
                if isQuoted {
                    word.append(" ")
                } else if hasWord {
                    words.append(String(word))
                    word = String.UnicodeScalarView()
                    hasWord = false
                }
            default:
                guard scalar.value >= 0x20, !(0x7F...0x9F).contains(scalar.value) else {
                    throw Problem(message: "the command holds a control character")
                }
                word.append(scalar)
                hasWord = true
            }
            guard words.count < maxWords else { throw Problem(message: "the command has too many words") }
        }
        guard !isQuoted else { throw Problem(message: "a quote is not closed") }
        if hasWord { words.append(String(word)) }
        return words
    }

    /// The arguments' values: in order, or as `--name value` and `--name=value`; `--` ends the options.
    static func arguments(_ words: [String], of command: CommandTrigger) throws(Problem) -> [String: CELValue] {
        var line = CommandLine(command: command, rest: words[...])
        try line.read()
        return try line.complete()
    }

    private let command: CommandTrigger
    private var rest: ArraySlice<String>
    private var values: [String: CELValue] = [:]

    private init(command: CommandTrigger, rest: ArraySlice<String>) {
        self.command = command
        self.rest = rest
    }

    private mutating func read() throws(Problem) {
        var positional = command.arguments.filter { $0.type != .bool }[...]
        var isAfterOptions = false
        while let word = rest.popFirst() {
            if !isAfterOptions, let option = Self.option(word) {
                if option.utf8.isEmpty {
                    isAfterOptions = true
                } else {
                    try take(option: option)
                }
                continue
            }
            while let next = positional.first, values[next.name] != nil { positional = positional.dropFirst() }
            guard let argument = positional.popFirst() else { throw Problem(message: "there is a word too many") }
            values[argument.name] = try Self.value(word, for: argument)
        }
    }

    /// The text after `--`, or after the dash that phones make of it.
    private static func option(_ word: String) -> String? {
        for prefix in ["--", "\u{2014}", "\u{2013}"] where word.utf8.starts(with: prefix.utf8) {
            return String(decoding: word.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        return nil
    }

    private mutating func take(option: String) throws(Problem) {
        let parts = option.utf8.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
        let written = String(decoding: parts[0].map { $0 == 0x2D ? 0x5F : $0 }, as: UTF8.self)
        guard let argument = command.arguments.first(where: { $0.name.utf8.elementsEqual(written.utf8) }) else {
            let near = Suggestion.nearest(to: written, among: command.arguments.map(\.name))
            throw Problem(message: near.map { "there is no such option; did you mean --\($0)?" } ?? "there is no such option")
        }
        guard values[argument.name] == nil else { throw Problem(message: "\(argument.name) is given twice") }
        if parts.count == 2 {
            values[argument.name] = try Self.value(String(decoding: parts[1], as: UTF8.self), for: argument)
        } else if argument.type == .bool {
            values[argument.name] = .bool(true)
        } else {
            guard let word = rest.popFirst() else { throw Problem(message: "--\(argument.name) needs a value") }
            values[argument.name] = try Self.value(word, for: argument)
        }
    }

    private static func value(_ word: String, for argument: CommandArgument) throws(Problem) -> CELValue {
        switch argument.type {
        case .string:
            guard word.unicodeScalars.count <= argument.maxLength else {
                throw Problem(message: "\(argument.name) is longer than \(argument.maxLength) characters")
            }
            guard !word.utf8.isEmpty else { throw Problem(message: "\(argument.name) is empty") }
            guard argument.pattern?.fits(word) ?? true else {
                throw Problem(message: "\(argument.name) does not have the form that is asked for")
            }
            return .string(word)
        case .int:
            guard CELNumberText.isInteger(word), let number = Int64(word) else {
                throw Problem(message: "\(argument.name) is not a whole number")
            }
            return .int(number)
        case .bool:
            if word.utf8.elementsEqual("true".utf8) { return .bool(true) }
            if word.utf8.elementsEqual("false".utf8) { return .bool(false) }
            throw Problem(message: "\(argument.name) is true or false")
        }
    }

    private func complete() throws(Problem) -> [String: CELValue] {
        var complete = values
        for argument in command.arguments where complete[argument.name] == nil {
            if let value = argument.defaultValue {
                complete[argument.name] = value
            } else if argument.isRequired {
                throw Problem(message: "\(argument.name) is missing")
            }
        }
        return complete
    }
}
