import Model

/// What request headers must be; libcurl sends what it is given and checks nothing of this.
enum HeaderCheck {
    /// Headers that decide how the message is framed or routed: set by the transport alone. In lower case.
    private static let reserved: [String] = [
        "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    static func check(_ headers: [(String, String)], bearer: Secret?) throws(HTTPRequestError) {
        var total = 0
        for (name, value) in headers {
            total += name.utf8.count + value.utf8.count
            try check(name: name, hasBearer: bearer != nil)
            try check(value: value)
        }
        if let bearer {
            let token = bearer.reveal()
            total += token.count
            guard !token.isEmpty, token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw HTTPRequestError(.bearer, "the bearer token is empty or holds a space, a line end or a non-ASCII byte")
            }
        }
        guard total <= HTTPRequest.headerBytesMax else {
            throw HTTPRequestError(.limit, "the request headers are larger than \(HTTPRequest.headerBytesMax) bytes")
        }
    }

    private static func check(name: String, hasBearer: Bool) throws(HTTPRequestError) {
        guard !name.utf8.contains(where: isLineBreaker) else {
            throw HTTPRequestError(.forbiddenByte, "a header name holds a line end or a NUL")
        }
        guard !name.utf8.isEmpty, name.utf8.allSatisfy(\.isTokenByte) else {
            throw HTTPRequestError(.headerName, "a header name is empty or holds a byte that no header name has")
        }
        let lowered = name.utf8.lazy.map(\.asciiLowercased)
        guard !reserved.contains(where: { $0.utf8.count == name.utf8.count && lowered.elementsEqual($0.utf8) }),
            !lowered.starts(with: "proxy-".utf8)
        else {
            throw HTTPRequestError(.headerName, "the header \(name) is set by the transport alone")
        }
        guard !hasBearer || !lowered.elementsEqual("authorization".utf8) else {
            throw HTTPRequestError(.headerName, "the request has both a bearer token and an Authorization header")
        }
    }

    private static func check(value: String) throws(HTTPRequestError) {
        guard !value.utf8.contains(where: isLineBreaker) else {
            throw HTTPRequestError(.forbiddenByte, "a header value holds a line end or a NUL")
        }
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            throw HTTPRequestError(.headerValue, "a header value holds a control byte")
        }
    }

    private static func isLineBreaker(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A || byte == 0 }
}
