/// The words of a command and its arguments.
extension RuleReader {
    func readCommand(_ node: YAMLNode, _ arguments: [CommandArgument]) -> CommandTrigger? {
        guard let text = node.string("`command`", collector) else { return nil }
        var words = text.utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        if let first = words.first, first.utf8.first == 0x2F {
            words[0] = String(decoding: first.utf8.dropFirst(), as: UTF8.self)
        }
        let areWords = words.allSatisfy { word in
            (1...32).contains(word.utf8.count) && word.utf8.allSatisfy { Self.isCommandByte($0) } && word.utf8.first != 0x2D
        }
        guard areWords, (1...4).contains(words.count) else {
            report(
                node.diagnostic(
                    .badCommand, "`\(text)` is not a command",
                    hint: "one to four words of lower-case letters, digits, `-` and `_`: `vps reboot`"))
            return nil
        }
        if words.count > 1, let word = ["approve", "deny"].first(where: { $0.utf8.elementsEqual(words[1].utf8) }) {
            report(
                node.diagnostic(
                    .badCommand, "`\(word)` after a command's name is how people answer an approval",
                    hint: "use another word"))
            return nil
        }
        return CommandTrigger(name: words[0], words: Array(words.dropFirst()), arguments: arguments)
    }

    private static func isCommandByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || CELLexer.isDigit(byte) || byte == 0x2D || byte == 0x5F
    }

    func readArguments(_ fields: RuleFields) -> [CommandArgument] {
        var arguments: [CommandArgument] = []
        for item in fields.items("args") ?? [] {
            guard let argument = readArgument(item) else { continue }
            if arguments.contains(where: { $0.name.utf8.elementsEqual(argument.name.utf8) }) {
                report(item.diagnosticAtStart(.badCommand, "there are two arguments `\(argument.name)`"))
            }
            if argument.isRequired, argument.type != .bool, arguments.contains(where: { !$0.isRequired && $0.type != .bool }) {
                report(
                    item.diagnosticAtStart(
                        .badCommand, "the required argument `\(argument.name)` comes after an optional one", hint: "put it first")
                )
            }
            arguments.append(argument)
        }
        return arguments
    }

    private func readArgument(_ node: YAMLNode) -> CommandArgument? {
        guard let fields = RuleFields(node, RuleTables.argument, collector),
            let nameNode = fields.required("name"), let name = nameNode.string("an argument's `name`", collector)
        else { return nil }
        guard RuleNames.isIdentifier(name), !name.utf8.contains(where: { (0x41...0x5A).contains($0) }) else {
            report(
                nameNode.diagnostic(
                    .badName, "`\(name)` can not be an argument's name",
                    hint: "lower-case letters, digits and `_`, a letter first"))
            return nil
        }
        let typeName = fields["type"].map { fields.choice("type", $0) } ?? "string"
        guard let type = typeName.flatMap({ CommandArgument.ValueType(rawValue: $0) }) else { return nil }
        let isRequired = fields.bool("required") ?? false
        var defaultValue = fields["default"].flatMap { readDefault($0, type) }
        if isRequired, let node = fields["default"] {
            report(node.diagnostic(.badCommand, "a required argument has no use for a `default`"))
        }
        if type == .bool, !isRequired, fields["default"] == nil { defaultValue = .bool(false) }
        for key in ["max_length", "pattern"] where type != .string && fields[key] != nil {
            report(fields.place(key).diagnostic(.badCommand, "`\(key)` is for texts only"))
        }
        return CommandArgument(
            name: name, type: type, isRequired: isRequired, defaultValue: defaultValue,
            maxLength: fields.int("max_length") ?? 200, pattern: readPattern(fields, defaultValue))
    }

    private func readPattern(_ fields: RuleFields, _ defaultValue: CELValue?) -> CommandArgument.Shape? {
        guard let node = fields["pattern"], let text = node.string("`pattern`", collector) else { return nil }
        do throws(PatternError) {
            let shape = CommandArgument.Shape(source: text, pattern: try Pattern(text))
            if case .string(let value)? = defaultValue, !shape.fits(value) {
                report(fields.place("default").diagnostic(.badCommand, "the `default` does not match the `pattern`"))
            }
            return shape
        } catch {
            report(node.diagnostic(.badConstant, error.message))
            return nil
        }
    }

    private func readDefault(_ node: YAMLNode, _ type: CommandArgument.ValueType) -> CELValue? {
        switch type {
        case .string: node.string("`default`", collector).map { .string($0) }
        case .int: node.int("`default`", in: .min ... .max, collector).map { .int(Int64($0)) }
        case .bool: node.bool("`default`", collector).map { .bool($0) }
        }
    }
}
