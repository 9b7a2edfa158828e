package import Model

/// A text that was made for a request and may hold secrets: what is sent, and what people may see of it.
package struct RenderedText: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What stands in the place of a secret wherever people read it.
    package static let mask = "***"

    /// What is sent.
    package let value: Secret
    /// The same with every secret as `***`; for logs, `explain` and the audit.
    package let shown: String

    init(value: String, shown: String) {
        self.value = Secret(value)
        self.shown = shown
    }

    /// A text without secrets.
    init(_ text: String) {
        self.init(value: text, shown: text)
    }

    package var description: String { shown }
    package var debugDescription: String { shown }
    package var customMirror: Mirror { Mirror(self, children: ["shown": shown]) }
}

/// Gives templates their secrets, or a mask in their place.
struct SecretReader {
    private let secrets: [String: Secret]?

    /// Every secret as `***`.
    static let masked = SecretReader(secrets: nil)

    /// These secrets themselves.
    init(_ secrets: [String: Secret]) {
        self.init(secrets: secrets)
    }

    private init(secrets: [String: Secret]?) {
        self.secrets = secrets
    }

    /// The secret of that name as text.
    func text(_ name: String) throws(EvaluationFailure) -> String {
        guard let secrets else { return RenderedText.mask }
        guard let secret = secrets[name] else {
            throw EvaluationFailure(.missing, "there is no such secret in vpsbridge.yaml", path: "secrets.\(name)")
        }
        guard let text = String(validating: secret.reveal(), as: UTF8.self) else {
            throw EvaluationFailure(.invalidValue, "the secret `\(name)` is not UTF-8")
        }
        return text
    }
}
