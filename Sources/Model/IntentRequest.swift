package import JSON

/// What the request of an intent is, as far as it may be kept: never a header, never a secret.
package struct IntentRequest: Sendable, Hashable {
    /// In capitals.
    package var method: String
    /// The whole address; for the Servers API the path.
    package var url: String
    /// SHA-256 over method, address and body in hexadecimal, each secret as `***`: tells whether two requests are the same.
    package var hash: String
    /// The name of the server to create or delete; final.
    package var name: String?
    /// The body of a create, to be sent as it stands here; `nil` for everything else.
    package var body: JSONValue?

    package init(method: String, url: String, hash: String, name: String? = nil, body: JSONValue? = nil) {
        self.method = method
        self.url = url
        self.hash = hash
        self.name = name
        self.body = body
    }
}
