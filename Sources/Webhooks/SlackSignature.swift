import Crypto
import Model

/// Slack's request signature, version 0 (https://docs.slack.dev/authentication/verifying-requests-from-slack).
enum SlackSignature {
    static let signatureHeader = "X-Slack-Signature"
    static let timestampHeader = "X-Slack-Request-Timestamp"
    /// How far the signed time may be from ours, either way.
    private static let tolerance = Duration.seconds(300)

    /// Checks `v0=` + HMAC-SHA256(secret, `v0:TIMESTAMP:BODY`) in lower-case hexadecimal, and that the timestamp is near.
    static func check(_ request: WebhookRequest, secrets: [Secret], now: Timestamp) throws(WebhookRejection) {
        let timestamp = try Webhooks.single(timestampHeader, of: request)
        let signature = try Webhooks.single(signatureHeader, of: request)
        guard let sentAt = seconds(timestamp) else { throw Webhooks.wrong("\(timestampHeader) is not a number of seconds") }
        guard signature.utf8.starts(with: "v0=".utf8), let code = Hexadecimal.decodeLowercase(signature.utf8.dropFirst(3)) else {
            throw Webhooks.wrong("\(signatureHeader) is not a v0 signature")
        }
        let signed = Array("v0:\(timestamp):".utf8) + request.body
        var isValid = false
        for secret in secrets where !secret.isEmpty {
            let key = SymmetricKey(data: secret.reveal())
            let matches = HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key)
            isValid = matches || isValid
        }
        guard isValid else { throw Webhooks.wrong("the signature is wrong") }
        // After the signature: only who knows the secret learns what our clock says.
        let age = now.since(Timestamp(seconds: sentAt))
        guard age <= tolerance, age >= .zero - tolerance else {
            throw WebhookRejection(.staleTimestamp, "the request was signed more than 300 seconds from now; check both clocks")
        }
    }

    /// A time as Slack writes it: decimal digits and nothing else.
    private static func seconds(_ text: String) -> Int64? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(text)
    }
}
