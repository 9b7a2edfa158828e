/// `http.request`: what is sent where.
extension RuleReader {
    func readRequest(_ with: RuleFields, _ scopes: RuleScopes) -> HTTPRequestStep? {
        let url = with.required("url", hint: "write `url: https://example.com/…`").flatMap { readURL($0, scopes.template) }
        let headers = readHeaders(with, scopes.template)
        let query = readNamed(with, "query").compactMap { name, node in
            readTemplate(node, "`\(name)`", scopes.template, place: .encoded).map { (name: name, value: $0) }
        }
        let body = readBody(with, scopes.template)
        checkBody(body, with, headers)
        let method = with["method"].map { with.choice("method", $0) } ?? (body.isNone ? "GET" : "POST")
        guard let url, let method else { return nil }
        if !body.isNone, ["GET", "HEAD"].contains(where: { $0.utf8.elementsEqual(method.utf8) }) {
            report(
                with.place("method").diagnostic(.badRequest, "a `\(method)` has no body", hint: "use `query`, or `method: POST`"))
        }
        return HTTPRequestStep(method: method, url: url, headers: headers, query: query, body: body)
    }

    private func readBody(_ with: RuleFields, _ scope: ExpressionScope) -> HTTPRequestStep.Body {
        switch (with["json"], with["body"]) {
        case (nil, nil): return .none
        case (let json?, nil): return .json(ValueTemplate(root: readValue(json, "`json`", scope, place: .requestValue)))
        case (nil, let body?): return readTemplate(body, "`body`", scope, place: .requestText).map { .text($0) } ?? .none
        case (_?, let body?):
            report((with.key("body") ?? body).diagnostic(.badRequest, "there is both `json` and `body`", hint: "keep one"))
            return .none
        }
    }

    /// Types whose texts give some characters a meaning: a value put into them as it is can say more than the author meant.
    private static let structuredTypes: [(word: String, hint: String)] = [
        ("json", "use `json`, which encodes every value"), ("x-www-form-urlencoded", "use `query`, or `json`"),
        ("xml", "send `json`, or a body without expressions"), ("html", "send `json`, or a body without expressions"),
    ]

    private func checkBody(_ body: HTTPRequestStep.Body, _ with: RuleFields, _ headers: [HTTPRequestStep.Header]) {
        guard case .text(let template) = body, let node = with["body"],
            template.segments.contains(where: { if case .expression = $0 { true } else { false } }),
            let type = headers.first(where: { HTTPRequestStep.isContentType($0.name) })
        else { return }
        // `application/problem+json; charset=utf-8` is one of `json` too.
        let words = type.value.source.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
            .split { "/+; ".utf8.contains($0) }
        let structured = Self.structuredTypes.first { entry in words.contains { $0.elementsEqual(entry.word.utf8) } }
        guard let structured else { return }
        report(
            node.diagnostic(
                .badRequest, "the values in a `body` are not encoded for `\(type.value.source)`", hint: structured.hint))
    }

    /// Entries of a mapping whose keys are the author's own.
    private func readNamed(_ with: RuleFields, _ key: String) -> [(name: String, value: YAMLNode)] {
        guard let node = with[key] else { return [] }
        guard case .mapping(let entries) = node.content else {
            if !node.isRefused { report(node.diagnostic(.wrongKind, "`\(key)` is a mapping, not \(node.kindTitle)")) }
            return []
        }
        return entries.map { ($0.name, $0.value) }
    }

    // MARK: - Headers

    /// What the transport sets by itself, or what would let a request be read as two.
    private static let ownHeaders = [
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te",
        "trailer",
        "transfer-encoding", "upgrade",
    ]

    private func readHeaders(_ with: RuleFields, _ scope: ExpressionScope) -> [HTTPRequestStep.Header] {
        var headers: [HTTPRequestStep.Header] = []
        var names: Set<String> = []
        guard case .mapping(let entries)? = with["headers"]?.content else {
            _ = readNamed(with, "headers")
            return []
        }
        for entry in entries {
            let folded = String(decoding: entry.name.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
            if !Self.isToken(entry.name) {
                report(entry.key.diagnostic(.badRequest, "`\(entry.name)` can not be a header's name"))
            } else if Self.ownHeaders.contains(where: { $0.utf8.elementsEqual(folded.utf8) }) {
                report(entry.key.diagnostic(.badRequest, "the header `\(entry.name)` is set by the bridge", hint: "remove it"))
            } else if !names.insert(folded).inserted {
                report(entry.key.diagnostic(.badRequest, "the header `\(entry.name)` is given twice"))
            }
            guard let value = readTemplate(entry.value, "`\(entry.name)`", scope, place: .header) else { continue }
            for case .text(let text) in value.segments where RequestEncoding.hasControls(text) {
                report(
                    entry.value.diagnostic(
                        .badRequest, "a header holds no line ends and no control characters", hint: "`>-` folds lines into one"))
            }
            headers.append(HTTPRequestStep.Header(name: entry.name, value: value))
        }
        return headers
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                CELLexer.isIdentifierStart(byte) || CELLexer.isDigit(byte) || "!#$%&'*+-.^`|~".utf8.contains(byte)
            }
    }

    // MARK: - The address

    private func readURL(_ node: YAMLNode, _ scope: ExpressionScope) -> URLTemplate? {
        guard let template = readTemplate(node, "`url`", scope, place: .encoded) else { return nil }
        guard case .text(let text)? = template.segments.first, let authority = URLTemplate.authority(Array(text.utf8)) else {
            report(
                node.diagnostic(.badRequest, "`url` does not begin with `https://` or `http://` and a host", hint: Self.hostHint))
            return nil
        }
        let bytes = Array(text.utf8)
        if template.segments.count > 1, authority.upperBound == bytes.count {
            report(node.diagnostic(.badRequest, "the host of `url` depends on an expression", hint: Self.hostHint))
            return nil
        }
        guard Self.isHost(bytes[authority]) else {
            let hasUser = bytes[authority].contains(0x40)
            report(
                node.diagnostic(
                    .badRequest, hasUser ? "`url` holds a user or a password" : "`url` has no host that can be used",
                    hint: hasUser ? "write a header with `${{ secrets.NAME }}`" : Self.hostHint))
            return nil
        }
        for case .text(let part) in template.segments {
            if part.utf8.contains(where: { !(0x21...0x7E).contains($0) || $0 == 0x23 || $0 == 0x5C }) {
                report(
                    node.diagnostic(
                        .badRequest, "`url` holds a blank, a `#`, a backslash or a character that has to be encoded",
                        hint: "write it as `%XX`, or as a `query`"))
                return nil
            }
        }
        return URLTemplate(template: template)
    }

    private static let hostHint = "the host stands as it is in the file: `https://api.example.com/v1/${{ … }}`"

    /// A name, an IPv4 address or an IPv6 address in brackets, and maybe a port.
    private static func isHost(_ authority: ArraySlice<UInt8>) -> Bool {
        var host = authority
        if let colon = host.lastIndex(of: 0x3A), !host[colon...].contains(0x5D) {
            guard let port = Int(String(decoding: host[(colon + 1)...], as: UTF8.self)), (1...65_535).contains(port) else {
                return false
            }
            host = host[..<colon]
        }
        if host.first == 0x5B, host.last == 0x5D {
            return host.count > 3
                && host.dropFirst().dropLast().allSatisfy { CELLexer.hexDigit($0) != nil || $0 == 0x3A || $0 == 0x2E }
        }
        return (1...253).contains(host.count) && host.first != 0x2D
            && host.allSatisfy { byte in
                (CELLexer.isIdentifierStart(byte) && byte != 0x5F) || CELLexer.isDigit(byte) || byte == 0x2D || byte == 0x2E
            }
    }
}

extension HTTPRequestStep.Body {
    var isNone: Bool {
        if case .none = self { true } else { false }
    }
}
