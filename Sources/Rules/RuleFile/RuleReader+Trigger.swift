import Model

/// `trigger`: a source's name, or a mapping that may name a command.
extension RuleReader {
    func readTrigger(_ node: YAMLNode) -> Trigger? {
        guard case .mapping = node.content else {
            return readSource(node).map { Trigger(source: $0, kind: .event(statuses: [.problem])) }
        }
        guard let fields = YAMLMapping(node, keys: ["source", "command", "args"], of: "`trigger`", collector) else { return nil }
        let source = fields.required("source").flatMap { readSource($0) }
        var command: CommandTrigger?
        if let commandNode = fields["command"] {
            let arguments = fields["args"].map { readArguments($0) } ?? []
            command = readCommand(commandNode, arguments)
            if command == nil { return nil }
        } else if let args = fields["args"] {
            report((fields.key("args") ?? args).diagnostic(.badCommand, "`args` needs a `command`"))
        }
        return source.map { Trigger(source: $0, kind: command.map { .command($0) } ?? .event(statuses: [.problem])) }
    }

    private func readSource(_ node: YAMLNode) -> String? {
        guard let name = node.string("the trigger's source", collector) else { return nil }
        guard let sources else { return name }
        if sources.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return name }
        let known = sources.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let all = known.isEmpty ? "none is configured" : "configured: " + known.map { "`\($0)`" }.joined(separator: ", ")
        report(
            node.diagnostic(
                .unknownSource, "there is no source `\(name)` in vpsbridge.yaml",
                hint: Suggestion.hint(for: name, among: known) ?? all))
        return nil
    }

    private func readCommand(_ node: YAMLNode, _ arguments: [CommandArgument]) -> CommandTrigger? {
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
        return CommandTrigger(name: words[0], words: Array(words.dropFirst()), arguments: arguments)
    }

    private static func isCommandByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || CELLexer.isDigit(byte) || byte == 0x2D || byte == 0x5F
    }

    private func readArguments(_ node: YAMLNode) -> [CommandArgument] {
        guard let items = node.list("`args`", max: 16, collector) else { return [] }
        var arguments: [CommandArgument] = []
        for item in items {
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
        let keys = ["name", "type", "required", "default", "max_length"]
        guard let fields = YAMLMapping(node, keys: keys, of: "an argument", collector),
            let nameNode = fields.required("name"), let name = nameNode.string("an argument's `name`", collector)
        else { return nil }
        guard RuleNames.isIdentifier(name), !name.utf8.contains(where: { (0x41...0x5A).contains($0) }) else {
            report(
                nameNode.diagnostic(
                    .badName, "`\(name)` can not be an argument's name",
                    hint: "lower-case letters, digits and `_`, a letter first"))
            return nil
        }
        let types = CommandArgument.ValueType.allCases.map(\.rawValue)
        let typeName = fields["type"].map { $0.choice("`type`", among: types, collector) } ?? "string"
        guard let type = typeName.flatMap({ CommandArgument.ValueType(rawValue: $0) }) else { return nil }
        let isRequired = fields["required"].flatMap { $0.bool("`required`", collector) } ?? false
        var defaultValue = fields["default"].flatMap { readDefault($0, type) }
        if isRequired, let node = fields["default"] {
            report(node.diagnostic(.badCommand, "a required argument has no use for a `default`"))
        }
        if type == .bool, !isRequired, fields["default"] == nil { defaultValue = .bool(false) }
        if type != .string, let key = fields.key("max_length") {
            report(key.diagnostic(.badCommand, "`max_length` is for texts only"))
        }
        let maxLength = fields["max_length"].flatMap { $0.int("`max_length`", in: 1...1_000, collector) } ?? 200
        return CommandArgument(
            name: name, type: type, isRequired: isRequired, defaultValue: defaultValue, maxLength: maxLength)
    }

    private func readDefault(_ node: YAMLNode, _ type: CommandArgument.ValueType) -> CELValue? {
        switch type {
        case .string: node.string("`default`", collector).map { .string($0) }
        case .int: node.int("`default`", in: .min ... .max, collector).map { .int(Int64($0)) }
        case .bool: node.bool("`default`", collector).map { .bool($0) }
        }
    }
}
