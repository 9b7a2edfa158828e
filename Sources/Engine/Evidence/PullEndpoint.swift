package import Model

/// Where a source's own API is asked, as `pull` of the source in `vpsbridge.yaml` says.
package struct PullEndpoint: Sendable {
    package enum Authentication: Sendable {
        case none
        case bearer(Secret)
        case basic(user: String, password: Secret)
    }

    /// Scheme, host and maybe a path before `/api/v2`; without a slash at its end.
    package var url: String
    package var authentication: Authentication

    package init(url: String, authentication: Authentication = .none) {
        var text = Substring(url)
        while text.utf8.last == UInt8(ascii: "/") { text = text.dropLast() }
        self.url = String(text)
        self.authentication = authentication
    }
}
