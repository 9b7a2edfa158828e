import JSON

/// Fills slots from the bytes of a JSON document: `event` is the document.
final class DocumentReader: SlotReader {
    let extractor: JSONExtractor
    /// The containers of the present document that expressions have asked for.
    private var made: [(bits: UInt64, value: CELValue)] = []

    init(table: JSONSlotTable) {
        extractor = JSONExtractor(table: table)
    }

    func read(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) throws(JSONError) {
        if !made.isEmpty { made.removeAll(keepingCapacity: true) }
        try extractor.read(bytes, limits: limits)
    }

    func value(of slot: JSONSlot) -> CELValue {
        if let known = made.first(where: { $0.bits == slot.bits }) { return known.value }
        let value = CELValue(extractor.container(slot))
        made.append((slot.bits, value))
        return value
    }
}
