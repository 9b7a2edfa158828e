import JSON
import Model

/// Fills slots from a decoded event.
///
/// Texts are copied into memory that stays where it is until the next event, since Swift's own may move.
final class EventReader: SlotReader {
    private let table: JSONSlotTable
    private let fields: [(name: String, place: Int32)]
    private let arena = TextArena()
    private var values: EventValues?
    /// What slots of kind `object`, `array` and `kept` stand for, by their number.
    private var parts: [Part] = []

    /// Containers become values only when an expression asks for them.
    private enum Part {
        case value(CELValue)
        case json(JSONValue)
        /// A field of the event, or the event itself, by its whole name.
        case named(String)
    }

    init(table: JSONSlotTable) {
        self.table = table
        fields = table.tree.members(of: 0)
    }

    func read(_ event: Event) {
        table.begin()
        arena.reset()
        parts.removeAll(keepingCapacity: true)
        let values = EventValues(event)
        self.values = values
        fill(0, .object, .named("event"))
        for field in fields {
            switch field.name {
            case "labels": fill(event.labels, "event.labels", at: field.place)
            case "annotations": fill(event.annotations, "event.annotations", at: field.place)
            case "payload": fill(event.payload, at: field.place)
            default: if let value = values.value(named: "event.\(field.name)") { fill(value, at: field.place) }
            }
        }
    }

    /// Lets go of the event.
    func forget() {
        values = nil
        parts.removeAll(keepingCapacity: true)
    }

    func value(of slot: JSONSlot) -> CELValue {
        guard let index = Int(exactly: slot.bits), parts.indices.contains(index) else { return .null }
        switch parts[index] {
        case .value(let value): return value
        case .json(let json):
            let value = CELValue(json)
            parts[index] = .value(value)
            return value
        case .named(let name): return values?.value(named: name) ?? .null
        }
    }

    /// Names beside a path that is not there, those most like it first; at most three.
    func keysNear(_ path: Int32, in store: ProgramStore) -> [String] {
        guard path >= 0, case .field(let wanted) = store.writtenPaths[Int(path)].step else { return [] }
        let slot = table.slots[Int(store.links[Int(path)].parentPlace)]
        guard slot.reading == table.reading, slot.kind == .object, case .map(let map) = value(of: slot) else { return [] }
        var names = map.keys.compactMap { key -> String? in if case .string(let name) = key { name } else { nil } }
        var near: [String] = []
        while near.count < 3, let next = Suggestion.nearest(to: wanted, among: names) {
            near.append(next)
            names.removeAll { $0.utf8.elementsEqual(next.utf8) }
        }
        return near
    }

    // MARK: - Filling

    private func fill(_ place: Int32, _ kind: JSONSlot.Kind, _ part: Part) {
        table.fill(place, kind, bits: UInt64(parts.count))
        parts.append(part)
    }

    private func fill(_ text: String, at place: Int32) {
        let (address, count) = arena.keep(text)
        table.fill(place, .text, bits: address, count: count)
    }

    private func fill(_ texts: [String: String], _ name: String, at place: Int32) {
        fill(place, .object, .named(name))
        guard table.tree.hasParts(place) else { return }
        for (name, text) in texts {
            if let member = member(name, of: place) { fill(text, at: member) }
        }
    }

    private func member(_ name: String, of place: Int32) -> Int32? {
        var name = name
        return name.withUTF8 { table.tree.member($0, of: place) }
    }

    private func fill(_ json: JSONValue, at place: Int32) {
        switch json {
        case .null: table.fill(place, .null, bits: 0)
        case .bool(let flag): table.fill(place, .bool, bits: flag ? 1 : 0)
        case .int(let number): table.fill(place, .int, bits: UInt64(bitPattern: number))
        case .double(let number): table.fill(place, .double, bits: number.bitPattern)
        case .string(let text): fill(text, at: place)
        case .array(let items):
            fill(place, .array, .json(json))
            for element in table.tree.elements(of: place) where items.indices.contains(element.position) {
                fill(items[element.position], at: element.place)
            }
        case .object(let object):
            fill(place, .object, .json(json))
            guard table.tree.hasParts(place) else { return }
            for entry in object.members {
                if let member = member(entry.name, of: place) { fill(entry.value, at: member) }
            }
        }
    }

    /// A field that the event itself has: a text, an instant, or the person behind a command.
    private func fill(_ value: CELValue, at place: Int32) {
        switch value {
        case .string(let text): fill(text, at: place)
        case .map(let map):
            fill(place, .object, .value(value))
            for (name, place) in table.tree.members(of: place) {
                if let member = map[name] { fill(member, at: place) }
            }
        default: fill(place, .kept, .value(value))
        }
    }
}

/// Memory for texts that stay where they are until all are given back at once.
final class TextArena {
    private var chunks: [UnsafeMutableBufferPointer<UInt8>] = []
    private var used = 0
    private static let chunkBytes = 16_384

    deinit {
        for chunk in chunks { chunk.deallocate() }
    }

    /// Copies a text.
    func keep(_ text: String) -> (address: UInt64, count: UInt32) {
        var text = text
        return text.withUTF8 { bytes in
            if chunks.isEmpty || used + bytes.count > chunks[chunks.count - 1].count {
                chunks.append(.allocate(capacity: max(Self.chunkBytes, bytes.count)))
                used = 0
            }
            let chunk = chunks[chunks.count - 1]
            let room = UnsafeMutableBufferPointer(rebasing: chunk[used..<used + bytes.count])
            _ = room.update(fromContentsOf: bytes)
            used += bytes.count
            // An empty text has no place of its own; any address will do.
            return (UInt64(UInt(bitPattern: room.baseAddress)), UInt32(truncatingIfNeeded: bytes.count))
        }
    }

    /// Gives everything back but one chunk.
    func reset() {
        while chunks.count > 1 { chunks.removeLast().deallocate() }
        used = 0
    }
}
