package import Model

/// The server that mail is handed to.
package struct MailServer: Sendable {
    /// How the connection is protected.
    package enum Security: String, Sendable, Hashable, CaseIterable {
        /// Plain at first, TLS by `STARTTLS` before anything else is said; a server that does not offer it gets nothing.
        case startTLS = "starttls"
        /// TLS from the first byte (`smtps`).
        case implicit
        /// None, for a relay on the same machine or network.
        case none
    }

    /// A user name and a password.
    package struct Login: Sendable {
        package var user: String
        package var password: Secret

        package init(user: String, password: Secret) {
            self.user = user
            self.password = password
        }
    }

    package let host: String
    package let port: UInt16
    package let security: Security
    package let login: Login?

    /// Checks and builds it.
    ///
    /// - Throws: ``MailServerError``, whose reason says what is wrong with the host, or that a login would leave in the clear.
    package init(host: String, port: UInt16, security: Security, login: Login? = nil) throws(MailServerError) {
        // By the same reading as every other host, so that none gets into a URL that is not one.
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        guard port > 0, let url = try? HTTPURL("https://\(shown):\(port)"), url.port == port else {
            throw MailServerError(reason: "the host is no name and no address, or the port is none")
        }
        self.host = url.host
        self.port = port
        self.security = security
        self.login = login
        if let login {
            guard security != .none else {
                throw MailServerError(reason: "a password is not sent without TLS")
            }
            guard !login.user.isEmpty, !login.user.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }),
                !login.password.isEmpty, !login.password.reveal().contains(where: { $0 < 0x20 || $0 == 0x7F })
            else { throw MailServerError(reason: "user name or password is empty or holds a control character") }
        }
    }

    /// Scheme, host and port.
    package var origin: String {
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "\(security == .implicit ? "smtps" : "smtp")://\(shown):\(port)"
    }
}

/// Why a server of mail can not be used as it is configured; no secret in it.
package struct MailServerError: Error, Sendable, Hashable {
    package let reason: String
}
