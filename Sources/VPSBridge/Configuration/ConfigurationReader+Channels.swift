import CurlTransport
import Engine
import Model
import Rules

/// Where messages go: `channels`.
extension ConfigurationReader {
    private enum Word: String, CaseIterable {
        case webhook, slack, discord, teams, mattermost, telegram, smtp
    }

    func readChannels(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard case .mapping(let entries) = node.content else {
            collector.report(node.diagnostic(.wrongKind, "`channels` is a mapping of names to channels"))
            return
        }
        for entry in entries {
            if let kind = readChannel(entry) { configuration.channels[entry.name] = Channel(kind) }
        }
    }

    private func readChannel(_ entry: YAMLEntry) -> Channel.Kind? {
        let owner = "channel `\(entry.name)`"
        guard case .mapping(let members) = entry.value.content else {
            collector.report(
                entry.value.diagnostic(.wrongKind, "\(owner) is a mapping", hint: "write `{kind: slack, url_file: FILE}`"))
            return nil
        }
        // Which keys there are is the kind's to say.
        guard let kindNode = members.first(where: { $0.name.utf8.elementsEqual("kind".utf8) })?.value else {
            collector.report(
                entry.key.diagnostic(
                    .missingKey, "\(owner) needs `kind`", hint: "one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
            )
            return nil
        }
        guard let word = kindNode.choice("`kind`", among: Word.allCases.map(\.rawValue), collector).flatMap(Word.init) else {
            return nil
        }
        switch word {
        case .telegram: return readTelegram(entry, owner)
        case .smtp: return readMail(entry, owner)
        case .webhook, .slack, .discord, .teams, .mattermost:
            guard let url = readWebhook(entry, owner) else { return nil }
            return switch word {
            case .slack: .slack(url: url)
            case .discord: .discord(url: url)
            case .teams: .teams(url: url)
            case .mattermost: .mattermost(url: url)
            default: .webhook(url: url)
            }
        }
    }

    /// The address of a kind that has nothing else; a secret.
    private func readWebhook(_ entry: YAMLEntry, _ owner: String) -> Secret? {
        guard let mapping = YAMLMapping(entry.value, keys: ["kind", "url", "url_file"], of: owner, collector) else { return nil }
        return secretURL(mapping, keyNode: entry.key, owner)
    }

    /// `url` or `url_file`, exactly one of them; a secret, see ``ConfigurationRedaction``.
    func secretURL(_ mapping: YAMLMapping, keyNode: YAMLNode, _ owner: String) -> Secret? {
        let url: Secret?
        switch (mapping["url"], mapping["url_file"]) {
        case (let node?, nil): url = node.string("`url`", collector).map { Secret($0) }
        case (nil, let file?): url = secret(file, "`url_file`")
        default:
            collector.report(keyNode.diagnostic(.missingKey, "\(owner) needs either `url` or `url_file`"))
            return nil
        }
        guard let url else { return nil }
        do throws(HTTPRequestError) {
            _ = try HTTPURL(String(decoding: url.reveal(), as: UTF8.self))
            return url
        } catch {
            let place = mapping["url"] ?? mapping["url_file"] ?? keyNode
            collector.report(place.diagnostic(.unknownValue, "\(owner): \(error.reason)"))
            return nil
        }
    }

    private func readTelegram(_ entry: YAMLEntry, _ owner: String) -> Channel.Kind? {
        let keys = ["kind", "token_file", "chat_id", "thread_id", "base_url"]
        guard let mapping = YAMLMapping(entry.value, keys: keys, of: owner, collector) else { return nil }
        let tokenNode = mapping.required("token_file", hint: "a file with the token that @BotFather gave")
        let chatNode = mapping.required(
            "chat_id", hint: "the chat's number, negative for a group, or `@name` of a public channel")
        guard let tokenNode, let token = secret(tokenNode, "`token_file`"), let chatNode,
            let chat = chatNode.identifier("`chat_id`", collector)
        else { return nil }
        guard Self.isTelegramToken(token.reveal()) || token.reveal().elementsEqual(Self.unreadSecret) else {
            collector.report(tokenNode.diagnostic(.unknownValue, "`token_file` holds no token of a bot (`123456:ABC…`)"))
            return nil
        }
        guard Int64(chat) != nil || chat.utf8.first == UInt8(ascii: "@") else {
            collector.report(
                chatNode.diagnostic(
                    .unknownValue, "`chat_id` can not be `\(chat)`", hint: "a number, or `@name` of a public channel"))
            return nil
        }
        var result = TelegramChat(token: token, chat: chat)
        if let thread = mapping["thread_id"]?.int("`thread_id`", in: 1...Int(Int32.max), collector) {
            result.thread = Int64(thread)
        }
        if let node = mapping["base_url"], let url = node.string("`base_url`", collector) {
            if let problem = OutboundAddress.problem(ofBaseURL: url) {
                collector.report(
                    node.diagnostic(
                        .unknownValue, "`base_url`: \(problem)", hint: "scheme and host only: `https://api.telegram.org`"))
                return nil
            }
            result.server = url.utf8.last == UInt8(ascii: "/") ? String(url.dropLast()) : url
        }
        return .telegram(result)
    }

    /// What stands in an address as one segment: digits, a colon, then letters, digits, `_` and `-`.
    private static func isTelegramToken(_ bytes: [UInt8]) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, bytes.count <= 200 else { return false }
        return parts[0].allSatisfy { (0x30...0x39).contains($0) }
            && parts[1].allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// What stands for a secret that is not read, see ``ConfigurationFile``.
    private static let unreadSecret = Array("https://unread.invalid/".utf8)
}
