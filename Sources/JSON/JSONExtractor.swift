import CSimdJSON

/// Reads documents straight into slots, without building a tree: bytes in, the wanted places out.
///
/// Accepts and refuses exactly what ``JSONValue/parse(_:limits:)-([UInt8],_)`` does, duplicate names, depth and number of values
/// included. Text in slots points into the extractor's memory and is valid until its next reading. Allocates nothing once it has
/// seen documents of the size. Not shared between threads.
package final class JSONExtractor {
    /// The slots that are filled.
    package let table: JSONSlotTable
    private let parser: OpaquePointer?
    private var tape = csimdjson_tape()
    private var names: UnsafeMutablePointer<TapeName>
    /// How deep the documents may be that ``names`` has room for.
    private var maxDepth = JSONLimits.standard.maxDepth

    /// An extractor for the places of that table.
    package init(table: JSONSlotTable) {
        self.table = table
        parser = csimdjson_parser_new()
        names = .allocate(capacity: NameStack.capacity(maxDepth: maxDepth))
    }

    deinit {
        names.deallocate()
        csimdjson_parser_free(parser)
    }

    /// Reads a document; the slots hold what it has at the wanted places.
    ///
    /// - Throws: ``JSONError`` with the place of the first error; the slots then hold nothing.
    package func read(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = .standard) throws(JSONError) {
        table.begin()
        guard bytes.count <= limits.maxBytes else {
            throw JSONError(unread: .tooLarge, "the document has \(bytes.count) bytes; at most \(limits.maxBytes) are read")
        }
        guard let parser else { throw JSONError(unread: .tooLarge, "there is not enough memory to read JSON") }
        let start = bytes.bindMemory(to: UInt8.self)
        switch csimdjson_parser_parse(parser, start.baseAddress, start.count, &tape) {
        case CSIMDJSON_OK:
            if let words = tape.words, let strings = tape.strings {
                reserveNames(limits.maxDepth)
                var walk = ExtractionWalk(
                    words: words, strings: strings, limits: limits, table: table, names: NameStack(names))
                if walk.document() { return table.finish(found: walk.foundCount) }
            }
        case CSIMDJSON_NO_MEMORY:
            table.begin()
            throw JSONError(unread: .tooLarge, "there is not enough memory to read \(bytes.count) bytes")
        default:
            break
        }
        table.begin()
        throw JSONDiagnosis.error(in: start, limits: limits)
    }

    /// The container that a slot of the present reading stands for, as a tree.
    package func container(_ slot: JSONSlot) -> JSONValue {
        guard slot.kind == .array || slot.kind == .object, let words = tape.words, let strings = tape.strings else {
            return .null
        }
        // Its limits were checked when it was read.
        return TapeReader.read(
            words: words, strings: strings, limits: JSONLimits(maxBytes: .max, maxDepth: 1_000, maxValues: .max),
            from: Int(slot.bits)) ?? .null
    }

    /// Gives back what a large document has needed; the slots then hold nothing.
    package func trim() {
        guard let parser else { return }
        table.begin()
        tape = csimdjson_tape()
        csimdjson_parser_trim(parser)
    }

    private func reserveNames(_ depth: Int) {
        guard depth > maxDepth else { return }
        names.deallocate()
        names = .allocate(capacity: NameStack.capacity(maxDepth: depth))
        maxDepth = depth
    }
}
