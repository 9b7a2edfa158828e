package import Model

extension Webhooks {
    /// Checks that a request comes from the source, over its exact bytes and before any of them is read as something.
    ///
    /// Every configured secret is tried, each in constant time, however early one matches. The one request that passes without a
    /// proof is Slack's certificate check, which Slack does not sign; decoding answers it at once and takes nothing else from it.
    /// - Throws: ``WebhookRejection`` with status 401.
    package static func authenticate(
        _ request: WebhookRequest, source: WebhookSource, now: Timestamp
    ) throws(WebhookRejection) {
        switch source.authentication {
        case .bearer(let secrets):
            let token = try credentials(of: request, scheme: "bearer")
            guard matches(token, any: secrets) else { throw wrong("the bearer token is wrong") }
        case .basic(let user, let passwords):
            try checkBasic(credentials(of: request, scheme: "basic"), user: user, passwords: passwords)
        case .header(let name, let secrets):
            let value = try single(name, of: request)
            guard matches(ArraySlice(value.utf8), any: secrets) else { throw wrong("the value of \(name) is wrong") }
        case .slackSignature(let secrets):
            if source.kind == .slack, Slack.isUnsignedCertificateCheck(request) { return }
            try SlackSignature.check(request, secrets: secrets, now: now)
        case .none:
            return
        }
    }

    /// The value of a header that must be there exactly once: of two, a proxy might have checked the other one.
    static func single(_ name: String, of request: WebhookRequest) throws(WebhookRejection) -> String {
        let values = request.values(of: name)
        guard let value = values.first else { throw wrong("\(name) is missing") }
        guard values.count == 1 else { throw wrong("\(name) is there more than once") }
        return value
    }

    static func wrong(_ message: String) -> WebhookRejection {
        WebhookRejection(.unauthorized, message)
    }

    /// Tries every secret, without stopping at the one that matches.
    private static func matches(_ candidate: ArraySlice<UInt8>, any secrets: [Secret]) -> Bool {
        var found = false
        for secret in secrets {
            let matches = secret.matches(candidate)
            found = matches || found
        }
        return found
    }

    /// What follows the scheme in the one `Authorization` header (RFC 9110, section 11.4).
    private static func credentials(of request: WebhookRequest, scheme: String) throws(WebhookRejection) -> ArraySlice<UInt8> {
        let value = ArraySlice(try single("Authorization", of: request).utf8)
        guard let space = value.firstIndex(of: UInt8(ascii: " ")),
            value[..<space].map(ASCII.lowercased).elementsEqual(scheme.utf8)
        else { throw wrong("Authorization is not of the scheme that this source uses") }
        return ASCII.trimmed(value[space...])
    }

    private static func checkBasic(_ encoded: ArraySlice<UInt8>, user: String, passwords: [Secret]) throws(WebhookRejection) {
        guard let decoded = Base64.decode(Array(encoded)), let colon = decoded.firstIndex(of: UInt8(ascii: ":")) else {
            throw wrong("the credentials are not user:password in base64")
        }
        // Both are looked at whatever the first says, so that the time does not tell which was wrong.
        let userMatches = Secret(user).matches(decoded[..<colon])
        let passwordMatches = matches(decoded[(colon + 1)...], any: passwords)
        guard userMatches, passwordMatches else { throw wrong("the user or the password is wrong") }
    }
}
