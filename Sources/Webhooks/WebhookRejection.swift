/// Why a request is refused, and what its sender is told.
package struct WebhookRejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// Closed: a log field and a metric label.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The proof of identity is missing, doubled or wrong.
        case unauthorized
        /// The signed time is more than five minutes off.
        case staleTimestamp = "stale_timestamp"
        /// Not a media type that the source sends.
        case contentType = "content_type"
        /// Compressed or otherwise encoded.
        case contentEncoding = "content_encoding"
        /// More bytes or values, or deeper, than is read.
        case tooLarge = "too_large"
        /// Not what the kind of sender sends.
        case malformed
        /// A payload version that the bridge does not know.
        case wrongVersion = "wrong_version"
    }

    package let reason: Reason
    /// For the sender: what is wrong and where; bounded, never a secret.
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// The HTTP status: 400, 401, 413 or 415; never one that asks the sender to try again.
    package var status: Int {
        switch reason {
        case .unauthorized, .staleTimestamp: 401
        case .contentType, .contentEncoding: 415
        case .tooLarge: 413
        case .malformed, .wrongVersion: 400
        }
    }

    package var description: String { "\(reason.rawValue): \(message)" }
}
