import Rules

/// Strikes out of findings about `vpsbridge.yaml` what nobody may see who reads a log: the addresses of channels and of the
/// heartbeat, passwords in addresses, and what somebody wrote where the file of a secret belongs. Pure.
///
/// A finding quotes its whole line, on which secrets of other keys may stand. They are filled up, so that columns stay right.
struct ConfigurationRedaction {
    /// What stands in a message in the place of a secret.
    private static let notShown = "<not shown>"
    /// Texts that are shorter are no secrets, and words of messages may look like them.
    private static let secretMin = 6

    private let source: YAMLSource
    /// Whether there is a tree; else the lines are all that is known.
    private let isParsed: Bool
    /// What is struck out, and addresses that are no secrets: columns from 1, by line.
    private var struck: [Int: [Range<Int>]] = [:]
    private var shownAddresses: [Int: [Range<Int>]] = [:]
    /// The texts of what is struck out.
    private var secrets: [[UInt8]] = []

    /// Looks for the secrets of a file; `root` is `nil` when it is no YAML.
    init(root: YAMLNode?, text: String, file: String) {
        source = YAMLSource(file: file, text: text)
        isParsed = root != nil
        if let root { walk(root, path: []) }
    }

    /// The finding without secrets in its line, its message and its hint.
    func shown(_ finding: Diagnostic) -> Diagnostic {
        var finding = finding
        let scalars = Array(finding.sourceLine.unicodeScalars)
        var ranges = isParsed ? struck[finding.line] ?? [] : Self.guessed(scalars, section: section(of: finding.line))
        ranges += Self.addresses(scalars).filter { address in
            !(shownAddresses[finding.line] ?? []).contains {
                $0.lowerBound <= address.lowerBound && address.lowerBound < $0.upperBound
            }
        }
        finding.sourceLine = Self.filled(scalars, ranges)
        finding.message = withoutSecrets(finding.message)
        finding.hint = finding.hint.map(withoutSecrets)
        return finding
    }

    // MARK: The tree

    private mutating func walk(_ node: YAMLNode, path: [String]) {
        switch node.content {
        case .mapping(let entries):
            for entry in entries {
                if Self.isAddress(entry.name) { strike(entry.key) }
                walk(entry.value, path: path + [entry.name])
            }
        case .sequence(let items):
            for item in items { walk(item, path: path) }
        case .scalar(let scalar):
            if !Self.isShown(scalar.text, at: path) {
                strike(node)
            } else if Self.isAddress(scalar.text) {
                for (line, columns) in spans(of: node) { shownAddresses[line, default: []].append(columns) }
            }
        case .refused:
            if !Self.isShown("", at: path) { strikeRest(line: node.line, from: node.column) }
        }
    }

    private mutating func strike(_ node: YAMLNode) {
        if let text = node.scalar?.text { secrets.append(Array(text.utf8)) }
        for (line, columns) in spans(of: node) { struck[line, default: []].append(columns) }
    }

    private mutating func strikeRest(line: Int, from column: Int) {
        struck[line, default: []].append(column..<Int.max)
    }

    /// Where a scalar stands, quotes included: the columns by line.
    private func spans(of node: YAMLNode) -> [(line: Int, columns: Range<Int>)] {
        guard let scalar = node.scalar else { return [] }
        switch scalar.style {
        case .plain:
            let rest = source.line(node.line).unicodeScalars.dropFirst(node.column - 1)
            if rest.starts(with: scalar.text.unicodeScalars) {
                return [(node.line, node.column..<(node.column + scalar.text.unicodeScalars.count))]
            }
        case .singleQuoted, .doubleQuoted:
            let line = Array(source.line(node.line).unicodeScalars)
            if let end = Self.closingQuote(line, from: node.column) { return [(node.line, node.column..<end)] }
        case .block: break
        }
        // Over several lines: all of them.
        let last = max(node.line, node.position(ofByte: max(0, scalar.text.utf8.count - 1)).line)
        return (node.line...last).map { ($0, ($0 == node.line ? node.column : 1)..<Int.max) }
    }

    /// The column behind the quote that closes the one at `column`, when it stands on the same line.
    private static func closingQuote(_ line: [Unicode.Scalar], from column: Int) -> Int? {
        guard line.indices.contains(column - 1) else { return nil }
        let quote = line[column - 1]
        var index = column
        while index < line.count {
            if quote == "\"", line[index] == "\\" {
                index += 2
            } else if line[index] == quote {
                if quote == "\"" || index + 1 == line.count || line[index + 1] != quote { return index + 2 }
                index += 2
            } else {
                index += 1
            }
        }
        return nil
    }

    // MARK: What is a secret

    /// Keys of a channel and of the heartbeat whose values people may read.
    private static let openKeys = ["kind", "chat_id", "thread_id", "tls", "user", "from", "to", "every"]
    /// Keys whose values are addresses that are no secrets, unless there is a user in them.
    private static let addressKeys = ["base_url", "proxy", "server", "response_url_prefix"]
    /// Parts of keys that somebody gives to a secret.
    private static let secretWords = ["token", "secret", "password", "passwd", "bearer", "credential", "webhook", "auth"]
    /// Sections in which everything is a secret that is not known to be none.
    private static let secretSections = ["channels", "heartbeat", "secrets"]

    private static func isShown(_ text: String, at path: [String]) -> Bool {
        guard let key = path.last, let section = path.first else { return !isAddress(text) }
        if key.utf8.count > 5, key.utf8.suffix(5).elementsEqual("_file".utf8) { return !isAddress(text) }
        let isSecretSection = secretSections.contains { same($0, section) }
        if addressKeys.contains(where: { same($0, key) }) || isPull(path) {
            return !text.utf8.contains(UInt8(ascii: "@")) && !(isSecretSection && hasPath(text))
        }
        if isSecretSection {
            let depth = same(section, "heartbeat") ? 2 : 3
            return path.count == depth && openKeys.contains { same($0, key) } && !isAddress(text)
        }
        return !isAddress(text) && (!isSecretKey(key) || same(text, "none"))
    }

    private static func isPull(_ path: [String]) -> Bool {
        path.count == 4 && same(path[0], "sources") && same(path[2], "pull") && same(path[3], "url")
    }

    private static func isSecretKey(_ key: String) -> Bool {
        let lower = key.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        return secretWords.contains { lower.firstRange(of: $0.utf8) != nil }
    }

    private static func isAddress(_ text: String) -> Bool { Array(text.utf8).firstRange(of: "://".utf8) != nil }

    /// Whether something stands behind the host of an address.
    private static func hasPath(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let scheme = bytes.firstRange(of: "://".utf8) else { return true }
        guard let slash = bytes[scheme.upperBound...].firstIndex(where: { "/?#".utf8.contains($0) }) else { return false }
        return slash + 1 < bytes.count
    }

    private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    // MARK: Lines

    /// Every word of a line with an address in it, to the next white space.
    private static func addresses(_ line: [Unicode.Scalar]) -> [Range<Int>] {
        line.indices.filter { line[$0...].starts(with: "://".unicodeScalars) }.map { colon in
            let start = line[..<colon].lastIndex { " \t\"'[{(<,=".unicodeScalars.contains($0) }.map { $0 + 1 } ?? 0
            let end = line[colon...].firstIndex { $0 == " " || $0 == "\t" } ?? line.count
            return (start + 1)..<(end + 1)
        }
    }

    /// What may be a secret on a line of a file that is no YAML: too much rather than too little.
    private static func guessed(_ line: [Unicode.Scalar], section: String) -> [Range<Int>] {
        let colons = line.indices.filter { line[$0] == ":" }
        if secretSections.contains(where: { same($0, section) }) {
            return [(colons.first.map { $0 + 2 } ?? 1)..<Int.max]
        }
        for colon in colons {
            let name = line[..<colon].reversed().prefix { !" \t[{,".unicodeScalars.contains($0) }.reversed()
            let key = Self.unquoted(name)
            let isAddressKey = key.utf8.suffix(3).elementsEqual("url".utf8)
            let isSecret = isAddressKey || isSecretKey(key) || secretSections.contains { same($0, key) }
            guard isSecret, !key.utf8.suffix(5).elementsEqual("_file".utf8) else { continue }
            return [(colon + 2)..<Int.max]
        }
        return []
    }

    /// The key at the left margin under which a line stands.
    private func section(of line: Int) -> String {
        for number in stride(from: line, through: 1, by: -1) {
            let scalars = source.line(number).unicodeScalars.drop { $0 == "\u{FEFF}" }
            guard let first = scalars.first, !" \t#-[]{},".unicodeScalars.contains(first) else { continue }
            return Self.unquoted(scalars.prefix { $0 != ":" })
        }
        return ""
    }

    private static func unquoted(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        for scalar in scalars where !"\"' \t".unicodeScalars.contains(scalar) { text.append(scalar) }
        return String(text)
    }

    private static func filled(_ line: [Unicode.Scalar], _ ranges: [Range<Int>]) -> String {
        var text = String.UnicodeScalarView()
        for (index, scalar) in line.enumerated() {
            let isStruck = ranges.contains { $0.contains(index + 1) } && scalar != " " && scalar != "\t"
            text.append(isStruck ? "*" : scalar)
        }
        return String(text)
    }

    /// Addresses wherever they stand, as in the path of a file; other texts where they are quoted.
    private func withoutSecrets(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for secret in secrets where secret.count >= Self.secretMin {
            if secret.firstRange(of: "://".utf8) != nil {
                bytes = bytes.replacing(secret, with: Self.notShown.utf8)
                continue
            }
            for quote in "`\"".utf8 {
                bytes = bytes.replacing([quote] + secret + [quote], with: [quote] + Array(Self.notShown.utf8) + [quote])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
