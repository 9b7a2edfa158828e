import CSimdJSON

extension JSONValue {
    /// Reads a JSON document (RFC 8259), all of it or nothing.
    ///
    /// Refused besides what is not JSON: duplicate member names, a byte order mark, bytes that are not UTF-8, halves of surrogate
    /// pairs, numbers out of range (see ``JSONError/Code``) and whatever exceeds `limits`. An integer above `Int64.max` that fits
    /// `UInt64` becomes a `double`, and so do `1.0` and `1e2`. Takes time linear in the document's length but for the names of an
    /// object, which are sorted. May be called from any thread at any time.
    /// - Throws: ``JSONError`` with the place of the first error.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) in try parse(buffer, limits: limits) }
        }
        return try result.get()
    }

    /// Reads a JSON document as ``parse(_:limits:)-([UInt8],_)`` does.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = .standard
    ) throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.maxBytes else {
            throw JSONError(unread: .tooLarge, "the document has \(bytes.count) bytes; at most \(limits.maxBytes) are read")
        }
        let result = bytes.withMemoryRebound(to: UInt8.self) { buffer in
            Result { () throws(JSONError) in try parse(bound: buffer, limits: limits) }
        }
        return try result.get()
    }

    private static func parse(
        bound bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits
    ) throws(JSONError) -> JSONValue {
        defer { csimdjson_trim() }
        var tape = csimdjson_tape()
        switch csimdjson_parse(bytes.baseAddress, bytes.count, &tape) {
        case CSIMDJSON_OK:
            // The tape belongs to this thread's parser: nothing between here and the end of the walk suspends or parses.
            if let words = tape.words, let strings = tape.strings,
                let value = TapeReader.read(words: words, strings: strings, limits: limits)
            {
                return value
            }
        case CSIMDJSON_NO_MEMORY:
            throw JSONError(unread: .tooLarge, "there is not enough memory to read \(bytes.count) bytes")
        default:
            break
        }
        throw JSONDiagnosis.error(in: bytes, limits: limits)
    }
}
