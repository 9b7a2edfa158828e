/// A map of the expression language: immutable, its entries in the order in which they were made.
package struct CELMap: Sendable {
    /// Shared, so that copying a value copies no entries.
    private final class Storage: Sendable {
        let entries: [(key: CELValue, value: CELValue)]
        let positions: [CELKey: Int]

        init(entries: [(key: CELValue, value: CELValue)], positions: [CELKey: Int]) {
            self.entries = entries
            self.positions = positions
        }
    }

    private let storage: Storage

    /// `nil` when a key stands twice or is of a type that can not be a key.
    package init?(_ entries: [(key: CELValue, value: CELValue)]) {
        var positions: [CELKey: Int] = [:]
        positions.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            guard let key = CELKey(entry.key), positions.updateValue(index, forKey: key) == nil else { return nil }
        }
        storage = Storage(entries: entries, positions: positions)
    }

    /// A map with texts as keys; of two keys with the same bytes the first counts.
    package init(texts: some Sequence<(String, CELValue)>) {
        var positions: [CELKey: Int] = [:]
        var entries: [(key: CELValue, value: CELValue)] = []
        for (name, value) in texts {
            let key = CELKey.text(Array(name.utf8))
            guard positions[key] == nil else { continue }
            positions[key] = entries.count
            entries.append((.string(name), value))
        }
        storage = Storage(entries: entries, positions: positions)
    }

    /// How many entries there are.
    package var count: Int { storage.entries.count }
    /// Whether there is no entry.
    package var isEmpty: Bool { storage.entries.isEmpty }
    /// In the order in which they were made.
    package var entries: [(key: CELValue, value: CELValue)] { storage.entries }
    /// The entries' keys, in the same order.
    package var keys: [CELValue] { storage.entries.map(\.key) }

    /// The value under a key that is equal in CEL's sense.
    package subscript(key: CELValue) -> CELValue? {
        guard let key = CELKey(key), let position = storage.positions[key] else { return nil }
        return storage.entries[position].value
    }

    /// The value under a text.
    package subscript(name: String) -> CELValue? {
        guard let position = storage.positions[.text(Array(name.utf8))] else { return nil }
        return storage.entries[position].value
    }
}
