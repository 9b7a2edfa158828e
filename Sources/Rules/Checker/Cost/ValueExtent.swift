/// How large a value may be, before there is one.
indirect enum ValueExtent: Sendable {
    /// A number, a date or anything else of fixed size.
    case plain
    case text(bytes: Double)
    case list(count: Double, element: ValueExtent)
    case map(count: Double, key: ValueExtent, value: ValueExtent)
    case record(RecordType)
    /// Nothing is known of it.
    case unknown

    /// The longest text that a sender is expected to give, in bytes.
    static let textBytes = 256.0
    /// The most labels or other entries of a map.
    static let mapEntries = 64.0
    /// The most elements of a list.
    static let listElements = 1_000.0

    /// What a value of that type from outside may be.
    init(_ type: StaticType) {
        switch type {
        case .string, .bytes: self = .text(bytes: Self.textBytes)
        case .wrapper(let inner): self.init(inner)
        case .list(let element): self = .list(count: Self.listElements, element: ValueExtent(element))
        case .map(let key, let value):
            self = .map(
                count: Self.mapEntries, key: key.type == .string ? .text(bytes: Self.textBytes) : .plain,
                value: ValueExtent(value))
        case .record(let record): self = .record(record)
        case .abstract(StaticType.optionalName, let parameters): self.init(parameters.first ?? .dyn)
        case .dyn, .error, .parameter, .variable: self = .unknown
        default: self = .plain
        }
    }

    /// The size of a value that is known.
    init(of value: CELValue) {
        switch value {
        case .string(let text): self = .text(bytes: Double(text.utf8.count))
        case .bytes(let bytes): self = .text(bytes: Double(bytes.count))
        case .list, .map, .optional: self = .unknown
        default: self = .plain
        }
    }

    /// As a text, in bytes.
    var bytes: Double {
        switch self {
        case .text(let bytes): bytes
        case .unknown: Self.textBytes
        default: 0
        }
    }

    /// How often a macro evaluates its body over it.
    var rounds: Double {
        switch self {
        case .list(let count, _), .map(let count, _, _): count
        case .record: Self.mapEntries
        case .unknown: Self.listElements
        case .plain, .text: 0
        }
    }

    /// What a list holds, and what stands under a map's keys.
    var element: ValueExtent {
        switch self {
        case .list(_, let element): element
        case .map(_, _, let value): value
        case .record, .unknown, .plain, .text: .unknown
        }
    }

    /// What a macro with one variable binds.
    var walked: ValueExtent {
        switch self {
        case .list(_, let element): element
        case .map(_, let key, _): key
        case .record: .text(bytes: Self.textBytes)
        case .unknown, .plain, .text: .unknown
        }
    }

    /// The units that it takes to compare all of it. What is not known is taken for a text.
    var weight: Double {
        switch self {
        case .plain: 1
        case .text(let bytes): 1 + bytes / 10
        case .list(let count, let element): min(1 + count * element.weight, Self.ceiling)
        case .map(let count, let key, let value): min(1 + count * (key.bytes / 10 + value.weight), Self.ceiling)
        case .record: 1 + Self.mapEntries * (1 + Self.textBytes / 5)
        case .unknown: 1 + Self.textBytes / 10
        }
    }

    /// The length of a text that holds all of it, in bytes.
    var totalBytes: Double {
        switch self {
        case .plain: 32
        case .text(let bytes): bytes
        case .list(let count, let element): min(count * element.totalBytes, Self.ceiling)
        case .map(let count, let key, let value): min(count * (key.totalBytes + value.totalBytes), Self.ceiling)
        case .record: Self.mapEntries * 2 * Self.textBytes
        case .unknown: Self.textBytes
        }
    }

    /// Beyond it nothing is counted, so that no product of sizes becomes infinite.
    private static let ceiling = 1e12

    /// A map with those keys and values; keys are never lists or maps, which also keeps extents from doubling with each level.
    static func map(of count: Int, keys: [ValueExtent], values: [ValueExtent]) -> ValueExtent {
        let key = joined(keys)
        let isSimple =
            switch key {
            case .plain, .text: true
            default: false
            }
        return .map(count: Double(count), key: isSimple ? key : .unknown, value: joined(values))
    }

    /// The largest of all; `plain` when there are none.
    static func joined(_ extents: [ValueExtent]) -> ValueExtent {
        extents.dropFirst().reduce(extents.first ?? .plain) { $0.joined($1) }
    }

    /// The larger of two, whichever the value turns out to be.
    func joined(_ other: ValueExtent) -> ValueExtent {
        switch (self, other) {
        case (.plain, .plain): .plain
        case (.text(let left), .text(let right)): .text(bytes: max(left, right))
        case (.text, .plain): self
        case (.plain, .text): other
        case (.list(let left, let leftElement), .list(let right, let rightElement)):
            .list(count: max(left, right), element: leftElement.joined(rightElement))
        case (.record(let left), .record(let right)) where left === right: self
        default: .unknown
        }
    }
}
