/// Checks of what a request says about its body, before the body is read.
enum ContentType {
    /// Lets a request pass whose body is of one of these media types and not encoded.
    static func check(_ request: WebhookRequest, source: WebhookSource) throws(WebhookRejection) {
        guard request.values(of: "content-type").count <= 1 else {
            throw WebhookRejection(.contentType, "more than one Content-Type header")
        }
        for encoding in request.values(of: "content-encoding") {
            guard ASCII.trimmed(ArraySlice(ASCII.lowercased(encoding))).elementsEqual("identity".utf8) else {
                throw WebhookRejection(.contentEncoding, "Content-Encoding is not supported; send the body as it is")
            }
        }
        try check(request.contentType, source: source)
    }

    /// Lets a body pass that is of one of the source's media types, in UTF-8.
    static func check(_ contentType: String?, source: WebhookSource) throws(WebhookRejection) {
        let allowed = source.contentTypes ?? source.kind.contentTypes
        guard let contentType else {
            throw WebhookRejection(.contentType, "Content-Type is missing; this source takes \(allowed.joined(separator: ", "))")
        }
        let parts = ASCII.lowercased(contentType).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        let mediaType = ASCII.trimmed(parts.first ?? [])
        guard allowed.contains(where: { ASCII.lowercased($0).elementsEqual(mediaType) }) else {
            throw WebhookRejection(.contentType, "this source takes \(allowed.joined(separator: ", "))")
        }
        // A body that claims another character set would be read as something else than its sender meant.
        for parameter in parts.dropFirst().map(ASCII.trimmed) where parameter.starts(with: "charset=".utf8) {
            let charset = parameter.dropFirst("charset=".utf8.count).filter { $0 != UInt8(ascii: "\"") }
            guard charset.elementsEqual("utf-8".utf8) || charset.elementsEqual("us-ascii".utf8) else {
                throw WebhookRejection(.contentType, "the body must be UTF-8")
            }
        }
    }
}
