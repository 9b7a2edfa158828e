import Model
import Rules
import Webhooks

/// The senders: `sources`.
extension ConfigurationReader {
    func readSources(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard case .mapping(let entries) = node.content else {
            collector.report(node.diagnostic(.wrongKind, "`sources` is a mapping of names to sources"))
            return
        }
        for entry in entries {
            guard isUsable(entry.name) else {
                collector.report(
                    entry.key.diagnostic(
                        .badName, "source `\(entry.name)` can not stand in a path",
                        hint: "use 1 to 64 letters, digits, `-` and `_`"))
                continue
            }
            guard !entry.name.utf8.elementsEqual(ScheduledInstant.source.utf8) else {
                collector.report(
                    entry.key.diagnostic(
                        .badName, "no source can be called `\(entry.name)`: the instants of schedules come under that name"))
                continue
            }
            guard let source = readSource(entry, into: &configuration) else { continue }
            configuration.sources[entry.name] = source
            if case .mapping(let members) = entry.value.content,
                let node = members.first(where: { $0.name.utf8.elementsEqual("expect_every".utf8) })?.value,
                let expectation = readExpectation(node, of: "source `\(entry.name)`")
            {
                configuration.expectations[entry.name] = expectation
            }
        }
    }

    private func readSource(_ entry: YAMLEntry, into configuration: inout BridgeConfiguration) -> WebhookSource? {
        let owner = "source `\(entry.name)`"
        let keys = ["kind", "auth", "content_types", "fields", "response_url_prefix", "pull", "may", "expect_every"]
        guard let mapping = YAMLMapping(entry.value, keys: keys, of: owner, collector),
            let kindNode = mapping.required("kind"),
            let word = kindNode.choice("`kind`", among: SourceKind.allCases.map(\.rawValue), collector),
            let kind = SourceKind(rawValue: word)
        else { return nil }
        let hint =
            kind == .slack
            ? "write `auth: {signing_secret_file: FILE}`"
            : "write `auth: {bearer_file: FILE}`, or `auth: none` to let anybody in"
        guard let auth = mapping.required("auth", hint: hint).flatMap({ readAuthentication($0, kind: kind, owner: owner) }) else {
            return nil
        }
        var source = WebhookSource(name: entry.name, kind: kind, authentication: auth)
        if let types = mapping["content_types"]?.identifiers("`content_types`", max: 10, collector) {
            source.contentTypes = types
        }
        if let prefix = mapping["response_url_prefix"]?.string("`response_url_prefix`", collector) {
            source.responseURLPrefix = prefix
        }
        if let fields = mapping["fields"] {
            if kind == .generic {
                readFields(fields, into: &source.generic)
            } else {
                collector.report(fields.diagnostic(.unknownKey, "`fields` is only for sources of kind `generic`"))
            }
        }
        if let pull = mapping["pull"] { configuration.pulls[entry.name] = readPull(pull, of: entry, kind: kind) }
        if let may = mapping["may"].flatMap({ SourcePermission.read($0, "`may` of \(owner)", collector) }) {
            configuration.mayLeadTo[entry.name] = may
        }
        for problem in source.problems { collector.report(entry.key.diagnostic(.unknownValue, "\(owner): \(problem)")) }
        return source
    }

    private func readAuthentication(_ node: YAMLNode, kind: SourceKind, owner: String) -> SourceAuthentication? {
        if let scalar = node.scalar, scalar.text.utf8.elementsEqual("none".utf8), kind != .slack {
            return SourceAuthentication.none
        }
        let keys = kind == .slack ? ["signing_secret_file"] : ["bearer_file", "basic", "header"]
        guard let mapping = YAMLMapping(node, keys: keys, of: "`auth` of \(owner)", collector) else { return nil }
        let given = keys.filter { mapping[$0] != nil }
        guard given.count == 1, let key = given.first, let value = mapping[key] else {
            collector.report(
                node.diagnosticAtStart(
                    .missingKey, "`auth` of \(owner) takes exactly one of " + keys.map { "`\($0)`" }.joined(separator: ", ")))
            return nil
        }
        switch key {
        case "signing_secret_file": return secrets(value, "`signing_secret_file`").map { .slackSignature($0) }
        case "bearer_file": return secrets(value, "`bearer_file`").map { .bearer($0) }
        case "basic":
            guard let basic = YAMLMapping(value, keys: ["user", "password_file"], of: "`basic`", collector),
                let user = basic.required("user")?.string("`user`", collector),
                let passwords = basic.required("password_file").flatMap({ secrets($0, "`password_file`") })
            else { return nil }
            return .basic(user: user, passwords: passwords)
        default:
            guard let header = YAMLMapping(value, keys: ["name", "secret_file"], of: "`header`", collector),
                let name = header.required("name")?.string("`name`", collector),
                let values = header.required("secret_file").flatMap({ secrets($0, "`secret_file`") })
            else { return nil }
            return .header(name: name, secrets: values)
        }
    }

    /// One file, or a list of two: the current secret and the one before it.
    func secrets(_ node: YAMLNode, _ title: String) -> [Secret]? {
        guard case .sequence(let items) = node.content else { return secret(node, title).map { [$0] } }
        guard (1...2).contains(items.count) else {
            collector.report(node.diagnostic(.outOfRange, "\(title) takes one file, or two: the new secret and the old one"))
            return nil
        }
        let read = items.compactMap { secret($0, title) }
        return read.count == items.count ? read : nil
    }

    private func readFields(_ node: YAMLNode, into mapping: inout GenericMapping) {
        let keys = [
            "status", "problem_words", "resolved_words", "fingerprint", "labels", "annotations", "starts_at", "ends_at",
        ]
        guard let fields = YAMLMapping(node, keys: keys, of: "`fields`", collector) else { return }
        if let text = fields["status"]?.string("`status`", collector) { mapping.status = text }
        if let words = fields["problem_words"]?.identifiers("`problem_words`", max: 50, collector) {
            mapping.problemWords = words
        }
        if let words = fields["resolved_words"]?.identifiers("`resolved_words`", max: 50, collector) {
            mapping.resolvedWords = words
        }
        if let text = fields["fingerprint"]?.string("`fingerprint`", collector) { mapping.fingerprint = text }
        if let text = fields["labels"]?.string("`labels`", collector) { mapping.labels = text }
        if let text = fields["annotations"]?.string("`annotations`", collector) { mapping.annotations = text }
        if let text = fields["starts_at"]?.string("`starts_at`", collector) { mapping.startsAt = text }
        if let text = fields["ends_at"]?.string("`ends_at`", collector) { mapping.endsAt = text }
    }

    private func isUsable(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
