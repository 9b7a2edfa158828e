import Model

/// The hash of a public key that a server may present: `sha256//` and the Base64 of the SHA-256 of its SubjectPublicKeyInfo.
///
/// To change a key without an outage list the old and the new pin, change the key, then drop the old pin. A pin comes on top of
/// the check of the certificate, it does not stand in for it. It is made from a certificate with
/// `openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`.
package struct PublicKeyPin: Sendable, Hashable, CustomStringConvertible {
    /// The most pins of one driver.
    package static let countMax = 8
    private static let prefix = "sha256//"

    /// The pin as libcurl reads it.
    package let text: String

    /// Reads a pin; `nil` unless it is `sha256//` and the canonical Base64 of 32 bytes.
    package init?(_ text: String) {
        guard text.utf8.starts(with: Self.prefix.utf8) else { return nil }
        let encoded = Array(text.utf8.dropFirst(Self.prefix.utf8.count))
        guard encoded.count == 44, let hash = Base64.decode(encoded), hash.count == 32 else { return nil }
        self.text = text
    }

    package var description: String { text }
}
