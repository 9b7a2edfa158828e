import CurlTransport
import JSON
import Model
import Store
import Testing

@testable import Engine

private func message(_ text: String) -> OutboxMessage {
    OutboxMessage(
        id: MessageID(rawValue: 7), destination: .channel("ops"), text: text, run: nil,
        createdAt: Timestamp(seconds: 1_795_000_000),
        attempts: 1)
}

private let secret = Secret("https://chat.example/hook/SECRET")

private func body(_ text: String, _ kind: Channel.Kind) throws -> JSONValue {
    let route = try MessageRoute(message(text), to: Channel(kind))
    guard case .http(let request, _) = route.way else {
        Issue.record("no request")
        return .null
    }
    return try JSONValue.parse(try #require(request.body))
}

@Suite("Messages: what each platform is sent")
struct EngineMessageFormatTests {
    /// Texts that would mention everybody, make a link or break the format where they are taken for markup.
    static let hostile = [
        "@everyone @here @channel @all", "<!channel> <!here> <@U012> <#C012>", "<@123> <@&456> <@!789>",
        "[click](https://evil.example)", "<https://evil.example|click>", "https://evil.example/a_b_c", "# heading\n> quote",
        "```\ncode\n```", "**bold** _it_ ~~no~~ `x` ||hidden||", "- list\n1. list", "    code", "&lt;b&gt; & <b>x</b>",
        "\\[click\\](x)", "*\u{301}bold*\u{301}",
    ]

    @Test("Slack: no angle bracket or bare ampersand is left, and markup is off", arguments: hostile)
    func slack(text: String) throws {
        let sent = try body(text, .slack(url: secret))
        let shown = try #require(sent["text"]?.stringValue)
        #expect(!shown.utf8.contains { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") })
        let undone = shown.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
        #expect(undone.utf8.elementsEqual(text.utf8))
        #expect(sent["mrkdwn"] == false && sent["parse"]?.stringValue == "none" && sent["link_names"] == false)
    }

    @Test(
        "Discord and Mattermost: every punctuation mark stands behind a backslash, and no name follows an @", arguments: hostile)
    func markdown(text: String) throws {
        let discord = try body(text, .discord(url: secret))
        #expect(discord["allowed_mentions"] == ["parse": []])
        for shown in [discord["content"]?.stringValue, try body(text, .mattermost(url: secret))["text"]?.stringValue] {
            let scalars = Array(try #require(shown).unicodeScalars)
            var index = 0
            var undone = String.UnicodeScalarView()
            while index < scalars.count {
                let isMark = scalars[index].isASCII && (scalars[index].properties.isPatternSyntax || scalars[index] == "_")
                if isMark {
                    // Only a backslash stands for itself, and what follows it is what is shown.
                    #expect(scalars[index] == "\\" && index + 1 < scalars.count)
                    index += 1
                }
                undone.append(scalars[index])
                if scalars[index] == "@" {
                    #expect(index + 1 < scalars.count && scalars[index + 1] == "\u{2060}")
                    index += 1
                }
                index += 1
            }
            #expect(String(undone).replacing("\u{00A0}", with: " ").utf8.elementsEqual(text.utf8))
            #expect(!String(undone).hasPrefix("    "))
        }
    }

    @Test("Teams: plain runs only, a block for each line", arguments: hostile)
    func teams(text: String) throws {
        let sent = try body(text, .teams(url: secret))
        let attachment = try #require(sent["attachments"]?.arrayValue?.first)
        #expect(attachment["contentType"]?.stringValue == "application/vnd.microsoft.card.adaptive")
        let blocks = try #require(attachment["content"]?["body"]?.arrayValue)
        #expect(blocks.allSatisfy { $0["type"]?.stringValue == "RichTextBlock" })
        let lines = blocks.compactMap { $0["inlines"]?.arrayValue?.first?["text"]?.stringValue }
        #expect(lines.joined(separator: "\n").utf8.elementsEqual(text.utf8))
        #expect(attachment["content"]?["msteams"]?["entities"] == nil)
    }

    @Test("Telegram: the whole text is one block in which nothing is looked for", arguments: hostile)
    func telegram(text: String) throws {
        let chat = TelegramChat(token: Secret("123:ABC"), chat: "-100123", thread: 5)
        let sent = try body(text, .telegram(chat))
        let shown = try #require(sent["text"]?.stringValue)
        #expect(sent["parse_mode"] == nil && sent["chat_id"]?.intValue == -100_123 && sent["message_thread_id"]?.intValue == 5)
        let entity = try #require(sent["entities"]?.arrayValue?.first)
        #expect(entity["type"]?.stringValue == "pre" && entity["offset"]?.intValue == 0)
        #expect(entity["length"]?.intValue == Int64(shown.utf16.count))
    }

    @Test("what could reorder or hide a text is replaced, line feeds stay")
    func controls() throws {
        let text = "a\u{202E}b\r\nc\u{0}d\u{7}\te"
        let shown = try body(text, .slack(url: secret))["text"]?.stringValue
        #expect(shown == "a\u{FFFD}b\nc\u{FFFD}d\u{FFFD}\te")
        for blank in ["", " \n\t"] { #expect(try body(blank, .slack(url: secret))["text"]?.stringValue == "(no text)") }
    }

    static let cuts: [(String, Channel.Kind, String, Int)] = [
        ("slack", .slack(url: secret), "text", SlackMessage.limit),
        ("discord", .discord(url: secret), "content", DiscordMessage.limit),
        ("mattermost", .mattermost(url: secret), "text", MattermostMessage.limit),
        ("telegram", .telegram(TelegramChat(token: Secret("1:a"), chat: "1")), "text", TelegramMessage.limit),
    ]

    @Test("a long text is cut between characters, with a note, within the platform's limit", arguments: cuts)
    func cut(name: String, kind: Channel.Kind, key: String, limit: Int) throws {
        // A family is one character of eleven UTF-16 units; an escaped mark has several.
        for unit in ["👨‍👩‍👧‍👦", "*", "<", "e\u{301}", "x"] {
            for count in [limit, limit + 1] {
                let shown = try #require(try body(String(repeating: unit, count: count), kind)[key]?.stringValue)
                #expect(shown.utf16.count <= limit, "\(unit) \(count)")
                let isWhole = !shown.contains("cut")
                if !isWhole {
                    #expect(shown.contains("of \(count) characters"))
                    // Nothing is left of a character that was cut.
                    if unit.utf8.count > 4 { #expect(shown.prefix { $0 != "\n" }.allSatisfy { $0 == Character(unit) }) }
                }
            }
        }
        // A text of one endless character is no way around the limit.
        let endless = "e" + String(repeating: "\u{301}", count: limit + 1)
        let shown = try #require(try body(endless, kind)[key]?.stringValue)
        #expect(shown.utf16.count <= limit && shown.unicodeScalars.first == "e", "what there is room for is shown")
    }

    @Test("Teams takes a hundred lines and 12,000 bytes")
    func teamsCut() throws {
        let sent = try body(String(repeating: "x\n", count: 500), .teams(url: secret))
        #expect(sent["attachments"]?.arrayValue?.first?["content"]?["body"]?.arrayValue?.count == TeamsMessage.maxLines + 1)
        for unit in ["ö", "\"", "\\", "\"\n"] {
            let long = try body(String(repeating: unit, count: 13_000), .teams(url: secret))
            #expect(long.serialized().count < 28_000)
        }
    }

    @Test("no request shows its address: most are secrets")
    func noSecret() throws {
        let kinds: [Channel.Kind] = [
            .slack(url: secret), .telegram(TelegramChat(token: Secret("123:SECRET"), chat: "1")),
        ]
        for kind in kinds {
            let route = try MessageRoute(message("x"), to: Channel(kind))
            guard case .http(let request, _) = route.way else { continue }
            #expect(!"\(request)".contains("SECRET") && !route.origin.contains("SECRET") && !"\(kind)".contains("SECRET"))
        }
    }
}

@Suite("Messages: what a receiver's answer says")
struct EngineMessageAnswerTests {
    private static func response(_ status: Int, _ body: String = "", retryAfter: String? = nil) -> HTTPResponse {
        HTTPResponse(status: status, headers: retryAfter.map { [("Retry-After", $0)] } ?? [], body: Array(body.utf8))
    }

    static let rows: [(String, Channel.Kind, HTTPResponse, MessageAnswer)] = [
        ("webhook 204", .webhook(url: secret), response(204), .delivered),
        ("Slack 404 no_service", .slack(url: secret), response(404, "no_service"), .failed(why: "status 404")),
        ("Slack 429", .slack(url: secret), response(429, retryAfter: "30"), .tooMany(wait: .seconds(30))),
        ("Slack 500", .slack(url: secret), response(500), .later(why: "status 500")),
        ("Discord 204", .discord(url: secret), response(204), .delivered),
        (
            "Discord 429 in JSON, with decimals", .discord(url: secret),
            response(429, #"{"message": "You are being rate limited.", "retry_after": 0.65, "global": false}"#, retryAfter: "1"),
            .tooMany(wait: .milliseconds(650))
        ),
        (
            "Discord 429 without JSON", .discord(url: secret), response(429, "<html>", retryAfter: "2"),
            .tooMany(wait: .seconds(2))
        ),
        (
            "Discord 429 with a wait beyond all measure", .discord(url: secret), response(429, #"{"retry_after": 1e300}"#),
            .tooMany(wait: .seconds(300))
        ),
        ("Teams workflow 202", .teams(url: secret), response(202), .delivered),
        ("Teams 429", .teams(url: secret), response(429, retryAfter: "10"), .tooMany(wait: .seconds(10))),
        ("Teams connector 200", .teams(url: secret), response(200, "1"), .delivered),
        (
            "Teams connector says 429 in a 200", .teams(url: secret),
            response(
                200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId"
            ),
            .tooMany(wait: nil)
        ),
        ("Mattermost 200", .mattermost(url: secret), response(200, "ok"), .delivered),
        ("Telegram 200", telegram, response(200, #"{"ok":true,"result":{}}"#), .delivered),
        (
            "a proxy's page in place of Telegram's answer", telegram, response(200, "<html>"),
            .later(why: "the answer is not Telegram's")
        ),
        (
            "Telegram 429", telegram,
            response(429, #"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}"#),
            .tooMany(wait: .seconds(35))
        ),
        (
            "Telegram: a group became another", telegram,
            response(400, #"{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1001}}"#),
            .failed(why: "the group has become another chat: set chat_id to -1001")
        ),
        (
            "Telegram: a chat that is not there", telegram,
            response(400, #"{"ok":false,"description":"Bad Request: chat not found"}"#),
            .failed(why: "status 400: Bad Request: chat not found")
        ),
    ]

    private static let telegram = Channel.Kind.telegram(TelegramChat(token: Secret("1:a"), chat: "1"))

    @Test("answers", arguments: rows)
    func answer(scenario: String, kind: Channel.Kind, response: HTTPResponse, expected: MessageAnswer) throws {
        guard case .http(_, let read) = try MessageRoute(message("x"), to: Channel(kind)).way else {
            Issue.record("no request")
            return
        }
        #expect(read(response) == expected)
    }
}
