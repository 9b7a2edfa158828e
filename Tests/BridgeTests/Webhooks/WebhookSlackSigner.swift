import Crypto
import Model
import Webhooks

/// Signs requests as Slack does, for tests.
enum WebhookSlackSigner {
    static let signatureHeader = "X-Slack-Signature"
    static let timestampHeader = "X-Slack-Request-Timestamp"
    static let contentType = "application/x-www-form-urlencoded"

    static func signature(_ body: String, timestamp: String, secret: String) -> String {
        let key = SymmetricKey(data: Array(secret.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Array("v0:\(timestamp):\(body)".utf8), using: key)
        return "v0=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func request(_ body: String, timestamp: String = "1795286400", secret: String = "signing-secret") -> WebhookRequest {
        WebhookRequest(
            headers: [
                ("Content-Type", contentType), (timestampHeader, timestamp),
                (signatureHeader, signature(body, timestamp: timestamp, secret: secret)),
            ],
            contentType: contentType, body: Array(body.utf8), receivedAt: Timestamp(seconds: 1_795_286_400))
    }
}
