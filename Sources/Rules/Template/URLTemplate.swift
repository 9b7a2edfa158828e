/// The address of a request: scheme and host as they stand in the file, expressions only in the path and the query.
///
/// A value can not leave its place: in the path it stays one segment, and in the query one value.
package struct URLTemplate: Sendable {
    let template: Template

    /// The text it was read from.
    package var source: String { template.source }

    /// `https://host` or `http://host:port`, in lower case as it was written; the same for every event.
    package var origin: String {
        guard case .text(let text)? = template.segments.first else { return "" }
        let bytes = Array(text.utf8)
        guard let host = Self.authority(bytes) else { return "" }
        return String(decoding: bytes[..<host.upperBound], as: UTF8.self)
    }

    /// Where the authority stands in the literal beginning of an address; `nil` when there is none, or it does not end there.
    static func authority(_ bytes: [UInt8]) -> Range<Int>? {
        for scheme in ["https://", "http://"] where bytes.starts(with: scheme.utf8) {
            let start = scheme.utf8.count
            let rest = bytes[start...]
            guard let end = rest.firstIndex(where: { [0x2F, 0x3F, 0x23].contains($0) }) else { return start..<bytes.count }
            return start..<end
        }
        return nil
    }

    /// The whole address.
    ///
    /// - Throws: ``EvaluationFailure`` of an expression without a value; and of kind `invalid_value` when a value would make an
    ///   empty segment, `.` or `..` of a path, or holds a control character.
    func render(_ context: EvaluationContext, query: [(name: String, value: Template)]) throws(EvaluationFailure) -> String {
        var url = ""
        var segment: (text: [UInt8], hasValue: Bool) = ([], false)
        var isInQuery = false
        for (index, part) in try template.renderParts(context, nil).enumerated() {
            if part.isLiteral {
                var bytes = Array(part.text.utf8)[...]
                if index == 0, let authority = Self.authority(Array(bytes)) {
                    url += String(decoding: bytes[..<authority.upperBound], as: UTF8.self)
                    bytes = bytes[authority.upperBound...]
                }
                for byte in bytes where !isInQuery {
                    if byte == 0x2F || byte == 0x3F {
                        try Self.check(segment)
                        segment = ([], false)
                    } else {
                        segment.text.append(byte)
                    }
                    if byte == 0x3F { isInQuery = true }
                }
                url += String(decoding: bytes, as: UTF8.self)
            } else {
                try RequestEncoding.refuseControls(part.text, in: "an address")
                let encoded = RequestEncoding.percentEncoded(part.text)
                if !isInQuery {
                    segment.text += encoded.utf8
                    segment.hasValue = true
                }
                url += encoded
            }
        }
        try Self.check(segment)
        for (name, value) in query {
            url += isInQuery ? "&" : "?"
            isInQuery = true
            let text = try value.renderText(context)
            url += RequestEncoding.percentEncoded(name) + "=" + RequestEncoding.percentEncoded(text)
        }
        guard url.utf8.count <= RequestEncoding.maxURLBytes else {
            throw EvaluationFailure(.cost, "the address is longer than \(RequestEncoding.maxURLBytes) bytes")
        }
        return url
    }

    private static func check(_ segment: (text: [UInt8], hasValue: Bool)) throws(EvaluationFailure) {
        guard segment.hasValue else { return }
        if segment.text.isEmpty {
            throw EvaluationFailure(.invalidValue, "a segment of the address's path would be empty")
        }
        if RequestEncoding.isDots(segment.text) {
            throw EvaluationFailure(.invalidValue, "a segment of the address's path would be `.` or `..`")
        }
    }
}

/// How texts become parts of a request.
enum RequestEncoding {
    /// The longest address, in bytes.
    static let maxURLBytes = 8_192

    /// Everything but the unreserved characters of RFC 3986 as `%XX`, so that nothing can end a segment, a value or the line.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if CELLexer.isIdentifierStart(byte) || CELLexer.isDigit(byte) || [0x2D, 0x2E, 0x7E].contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a path's segment is `.` or `..`, also with dots that are written as `%2e`.
    static func isDots(_ segment: [UInt8]) -> Bool {
        var rest = segment[...]
        var dots = 0
        while let byte = rest.first {
            if byte == 0x2E {
                rest = rest.dropFirst()
            } else if rest.starts(with: "%2e".utf8) || rest.starts(with: "%2E".utf8) {
                rest = rest.dropFirst(3)
            } else {
                return false
            }
            dots += 1
        }
        return dots == 1 || dots == 2
    }

    /// Whether a text holds what could end a line or a header: a control character other than a tab.
    static func hasControls(_ text: String) -> Bool {
        text.utf8.contains { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }
    }

    static func refuseControls(_ text: String, in place: String) throws(EvaluationFailure) {
        guard hasControls(text) else { return }
        throw EvaluationFailure(
            .invalidValue, "a value with a line end, NUL or another control character can not stand in \(place)")
    }
}
