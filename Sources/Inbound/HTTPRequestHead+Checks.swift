import NIOHTTP1

extension HTTPRequestHead {
    /// Whether a body follows (RFC 9112, section 6.3).
    var announcesBody: Bool {
        if headers.contains(name: "transfer-encoding") { return true }
        guard let length = headers.first(name: "content-length") else { return false }
        return !length.utf8.elementsEqual("0".utf8)
    }

    /// Whether the sender waits for a word before it sends its body (RFC 9110, section 10.1.1).
    var expectsContinue: Bool {
        headers.first(name: "expect")?.equalsIgnoringASCIICase("100-continue") ?? false
    }

    /// The host that the request names; `nil` unless there is exactly one (RFC 9112, section 3.2), since a second one can mean that a
    /// proxy in front read the request differently.
    var host: String? {
        var hosts = headers.lazy.filter { $0.name.equalsIgnoringASCIICase("host") }.makeIterator()
        guard let host = hosts.next(), hosts.next() == nil else { return nil }
        return host.value
    }

    /// Refuses by the headers what can not become a body of at most that many bytes.
    func checkBody(limit: Int) throws(Problem) {
        if let encoding = headers.first(name: "transfer-encoding"), !encoding.equalsIgnoringASCIICase("chunked") {
            throw Problem(
                status: .notImplemented, reason: "transfer_encoding", message: "the only transfer encoding taken is chunked")
        }
        if let encoding = headers.first(name: "content-encoding"), !encoding.equalsIgnoringASCIICase("identity") {
            throw Problem(status: .unsupportedMediaType, reason: "content_encoding", message: "send the body uncompressed")
        }
        // The parser let only digits through; a number beyond Int is too large all the same.
        guard let text = headers.first(name: "content-length") else { return }
        guard let length = Int(text), length <= limit else { throw .bodyTooLarge(limit: limit) }
    }
}
