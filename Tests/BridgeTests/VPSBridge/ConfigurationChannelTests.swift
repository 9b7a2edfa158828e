import CurlTransport
import Engine
import Model
import Rules
import Testing

@testable import VPSBridge

private func load(_ channels: String) -> ConfigurationFile.Load {
    ConfigurationFile.load(text: channels, file: "/etc/vpsbridge/vpsbridge.yaml", environment: [:]) {
        path throws(UnreadableFile) in
        path.hasSuffix("bot")
            ? Secret("123456:ABC-def_1") : path.hasSuffix("pass") ? Secret("hunter2") : Secret("https://chat.example/h/1")
    }
}

@Suite("Configuration: channels")
struct ConfigurationChannelTests {
    @Test("every kind is read")
    func kinds() throws {
        let text = """
            channels:
              a: {kind: webhook, url_file: url}
              b: {kind: slack, url_file: url}
              c: {kind: discord, url: "https://discord.com/api/webhooks/1/x"}
              d: {kind: teams, url_file: url}
              e: {kind: mattermost, url_file: url}
              f: {kind: telegram, token_file: bot, chat_id: -1001234, thread_id: 3}
              g: {kind: telegram, token_file: bot, chat_id: "@ops", base_url: "http://127.0.0.1:9000"}
              h:
                kind: smtp
                server: smtp://mail.example.com
                user: bridge
                password_file: pass
                from: VPS Bridge <bridge@example.com>
                to: [ops@example.com, boss@example.com]
              i: {kind: smtp, server: "smtps://mail.example.com", from: bridge@example.com, to: ops@example.com}
              j: {kind: smtp, server: "smtp://[::1]:25", tls: none, from: bridge@example.com, to: ops@example.com}
            notify: [b, h]
            """
        let loaded = load(text)
        let configuration = try #require(loaded.configuration, "\(loaded.diagnostics.rendered)")
        let channels = configuration.channels
        #expect(channels.count == 10 && configuration.notify == ["b", "h"])
        guard case .telegram(let chat)? = channels["f"]?.kind, case .telegram(let own)? = channels["g"]?.kind,
            case .smtp(let mail)? = channels["h"]?.kind, case .smtp(let implicit)? = channels["i"]?.kind,
            case .smtp(let plain)? = channels["j"]?.kind, case .slack? = channels["b"]?.kind, case .teams? = channels["d"]?.kind
        else {
            Issue.record("\(channels)")
            return
        }
        #expect(chat.chat == "-1001234" && chat.thread == 3 && chat.server == "https://api.telegram.org")
        #expect(own.chat == "@ops" && own.server == "http://127.0.0.1:9000")
        #expect(mail.server.origin == "smtp://mail.example.com:587" && mail.server.security == .startTLS)
        #expect(
            mail.server.login?.user == "bridge" && mail.senderName == "VPS Bridge" && mail.sender.text == "bridge@example.com")
        #expect(mail.recipients.map(\.text) == ["ops@example.com", "boss@example.com"])
        #expect(implicit.server.origin == "smtps://mail.example.com:465" && implicit.server.security == .implicit)
        #expect(plain.server.origin == "smtp://[::1]:25" && plain.server.security == .none && plain.server.login == nil)
        #expect(!"\(configuration)".contains("hunter2") && !"\(configuration)".contains("ABC-def"))
    }

    @Test(
        "what is wrong is said with its place and a way to mend it",
        arguments: [
            ("{url: x}", "needs `kind`"), ("{kind: pager}", "can not be `pager`"), ("x", "is a mapping"),
            ("{kind: slack}", "either `url` or `url_file`"), ("{kind: slack, url: a, url_file: b}", "either `url` or `url_file`"),
            ("{kind: slack, url: \"ftp://x\"}", "channel `c`"), ("{kind: slack, url_file: u, chat_id: 1}", "chat_id"),
            ("{kind: telegram, chat_id: 1}", "token_file"), ("{kind: telegram, token_file: bot}", "chat_id"),
            ("{kind: telegram, token_file: bot, chat_id: ops}", "can not be `ops`"),
            ("{kind: telegram, token_file: other, chat_id: 1}", "no token of a bot"),
            ("{kind: telegram, token_file: bot, chat_id: 1, base_url: \"https://x/y\"}", "base_url"),
            ("{kind: smtp, from: a@b.c, to: a@b.c}", "`server`"), ("{kind: smtp, server: \"smtp://h\", to: a@b.c}", "`from`"),
            ("{kind: smtp, server: \"smtp://h\", from: a@b.c}", "`to`"),
            ("{kind: smtp, server: \"h:25\", from: a@b.c, to: a@b.c}", "smtp://HOST:PORT"),
            ("{kind: smtp, server: \"smtp://h/x\", from: a@b.c, to: a@b.c}", "smtp://HOST:PORT"),
            ("{kind: smtp, server: \"smtp://h\", from: a@b.c, to: \"a@b.c, d@e.f\"}", "no address of mail"),
            ("{kind: smtp, server: \"smtp://h\", from: \"a@b.c\\r\\nBcc: x@y.z\", to: a@b.c}", "`from`"),
            ("{kind: smtp, server: \"smtp://h\", from: a@b.c, to: []}", "nobody would get"),
            ("{kind: smtp, server: \"smtp://h\", from: a@b.c, to: a@b.c, user: u}", "both `user` and `password_file`"),
            (
                "{kind: smtp, server: \"smtp://h\", tls: none, from: a@b.c, to: a@b.c, user: u, password_file: pass}",
                "not sent without TLS"
            ),
            ("{kind: smtp, server: \"smtps://h\", tls: none, from: a@b.c, to: a@b.c}", "contradicts"),
            ("{kind: smtp, server: \"smtp://h\", tls: maybe, from: a@b.c, to: a@b.c}", "can not be `maybe`"),
        ])
    func wrong(channel: String, said: String) {
        let loaded = load("channels: {c: \(channel)}")
        #expect(loaded.configuration == nil)
        #expect(loaded.diagnostics.rendered.contains(said), "\(loaded.diagnostics.rendered)")
        #expect(loaded.diagnostics.rendered.contains("vpsbridge.yaml:1:"))
    }

    @Test("a password in the address of a server is refused, and not shown")
    func passwordInAddress() {
        let loaded = load("channels: {c: {kind: smtp, server: \"smtp://u:hunter2@h\", from: a@b.c, to: a@b.c}}")
        #expect(loaded.configuration == nil && !loaded.diagnostics.rendered.contains("hunter2"))
    }
}
