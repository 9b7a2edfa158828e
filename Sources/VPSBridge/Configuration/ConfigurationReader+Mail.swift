import CurlTransport
import Engine
import Model
import Rules

/// Channels of kind `smtp`.
extension ConfigurationReader {
    private static let mailKeys = ["kind", "server", "tls", "user", "password_file", "from", "to"]

    func readMail(_ entry: YAMLEntry, _ owner: String) -> Channel.Kind? {
        guard let mapping = YAMLMapping(entry.value, keys: Self.mailKeys, of: owner, collector) else { return nil }
        let serverNode = mapping.required(
            "server", hint: "write `smtp://mail.example.com:587`, or `smtps://` for TLS from the first byte")
        let senderNode = mapping.required("from", hint: "write `from: vpsbridge@example.com`")
        let recipientsNode = mapping.required("to", hint: "write `to: [ops@example.com]`")
        let sender = senderNode.flatMap { mailbox($0) }
        let recipients = recipientsNode.flatMap { addresses($0) }
        guard let serverNode, let server = mailServer(serverNode, mapping, owner), let sender, let recipients else { return nil }
        return .smtp(MailChannel(server: server, sender: sender.address, senderName: sender.name, recipients: recipients))
    }

    private func mailServer(_ node: YAMLNode, _ mapping: YAMLMapping, _ owner: String) -> MailServer? {
        guard let text = node.string("`server`", collector) else { return nil }
        guard let address = Self.mailAddress(text) else {
            collector.report(
                node.diagnostic(
                    .unknownValue, "`server` is no address of a mail server",
                    hint: "`smtp://HOST:PORT` or `smtps://HOST:PORT`; user and password are keys of their own"))
            return nil
        }
        var security = address.isImplicit ? MailServer.Security.implicit : .startTLS
        if let tls = mapping["tls"] {
            guard let word = tls.choice("`tls`", among: ["required", "none"], collector) else { return nil }
            if word.utf8.elementsEqual("none".utf8) {
                guard !address.isImplicit else {
                    collector.report(tls.diagnostic(.unknownValue, "`tls: none` contradicts `smtps://`", hint: "write `smtp://`"))
                    return nil
                }
                security = .none
            }
        }
        guard let login = mailLogin(mapping, owner) else { return nil }
        do throws(MailServerError) {
            return try MailServer(host: address.host, port: address.port, security: security, login: login.value)
        } catch {
            collector.report((mapping["user"] ?? node).diagnostic(.unknownValue, "\(owner): \(error.reason)"))
            return nil
        }
    }

    /// `nil` when what is there can not be used.
    private func mailLogin(_ mapping: YAMLMapping, _ owner: String) -> (value: MailServer.Login?, Void)? {
        switch (mapping["user"], mapping["password_file"]) {
        case (nil, nil): return (nil, ())
        case (let user?, let file?):
            guard let name = user.string("`user`", collector), let password = secret(file, "`password_file`") else { return nil }
            return (MailServer.Login(user: name, password: password), ())
        case (let node?, nil), (nil, let node?):
            collector.report(node.diagnosticAtStart(.missingKey, "\(owner) needs both `user` and `password_file`, or neither"))
            return nil
        }
    }

    /// `smtp://HOST[:PORT]`; without a port 587 for `smtp` and 465 for `smtps` (RFC 8314).
    private static func mailAddress(_ text: String) -> (host: String, port: UInt16, isImplicit: Bool)? {
        for (scheme, port, isImplicit) in [("smtp://", UInt16(587), false), ("smtps://", UInt16(465), true)]
        where text.utf8.starts(with: scheme.utf8) {
            let rest = String(decoding: text.utf8.dropFirst(scheme.utf8.count), as: UTF8.self)
            // Read as an address of the web, of which `http` has no use for the port here.
            guard !rest.utf8.contains(where: { "/?#@".utf8.contains($0) }), let url = try? HTTPURL("http://\(rest)") else {
                return nil
            }
            let bare = rest.utf8.last == UInt8(ascii: "]") || !rest.utf8.contains(UInt8(ascii: ":"))
            return (url.host, bare ? port : url.port, isImplicit)
        }
        return nil
    }

    /// `ops@example.com` or `Name <ops@example.com>`.
    private func mailbox(_ node: YAMLNode) -> (address: MailAddress, name: String?)? {
        guard let text = node.string("`from`", collector) else { return nil }
        var (address, name) = (text, String?.none)
        if text.utf8.last == UInt8(ascii: ">"), let open = text.utf8.lastIndex(of: UInt8(ascii: "<")) {
            address = String(decoding: text.utf8[text.utf8.index(after: open)...].dropLast(), as: UTF8.self)
            name = String(
                text.unicodeScalars[..<open].reversed().drop { $0.properties.isWhitespace }.reversed().map { Character($0) })
        }
        guard let read = MailAddress(address),
            name?.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) != true
        else {
            collector.report(
                node.diagnostic(
                    .unknownValue, "`from` is no address of mail",
                    hint: "write `vpsbridge@example.com` or `Name <vpsbridge@example.com>`"))
            return nil
        }
        return (read, name.flatMap { $0.isEmpty ? nil : $0 })
    }

    private func addresses(_ node: YAMLNode) -> [MailAddress]? {
        let texts =
            node.scalar == nil ? node.identifiers("`to`", max: 50, collector) : node.string("`to`", collector).map { [$0] }
        guard let texts else { return nil }
        if texts.isEmpty { collector.report(node.diagnostic(.outOfRange, "`to` is empty: nobody would get the mail")) }
        let read = texts.compactMap { MailAddress($0) }
        guard read.count == texts.count else {
            let wrong = texts.first { MailAddress($0) == nil } ?? ""
            collector.report(
                node.diagnosticAtStart(
                    .unknownValue, "`to`: `\(wrong.printable)` is no address of mail", hint: "write `ops@example.com`"))
            return nil
        }
        return read.isEmpty ? nil : read
    }
}
