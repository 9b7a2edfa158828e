import HTTPTypes
import Hummingbird

extension Request {
    /// Whether a body follows the headers (RFC 9112, section 6.3).
    var announcesBody: Bool {
        if headers[.transferEncoding] != nil { return true }
        guard let length = headers[.contentLength] else { return false }
        return !length.utf8.elementsEqual("0".utf8)
    }

    /// Whether the request names its host exactly once, as RFC 9112 section 3.2 wants it; a second one can mean that a proxy in front
    /// read the request differently.
    var namesOneHost: Bool {
        // The first `Host` became the authority; a second one stays among the headers.
        head.authority != nil && !headers.contains { $0.name.canonicalName == "host" }
    }
}
