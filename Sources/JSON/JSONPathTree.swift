import CSimdJSON

/// The places of documents that somebody wants to know, as a tree of names and positions; each has a number.
///
/// Number 0 is the whole document. Names are compared by their bytes. Built once, then only read, from any thread.
///
/// `@unchecked Sendable`: the memory behind the pointers is written in `init` and freed in `deinit`, and read in between.
package final class JSONPathTree: @unchecked Sendable {
    /// A step down to a member of an object.
    struct Edge: BitwiseCopyable {
        /// The first eight bytes of the name.
        let prefix: UInt64
        /// Where the name begins among all names.
        let name: Int32
        let count: Int32
        let place: Int32
    }

    /// A step down to an element of an array.
    struct Element: BitwiseCopyable {
        let position: Int
        let place: Int32
    }

    /// One place; its edges are in the order of prefix and length.
    struct Place: BitwiseCopyable {
        let firstEdge: Int32
        let endOfEdges: Int32
        let firstElement: Int32
        let endOfElements: Int32
        let isWatched: Bool
    }

    /// The tree itself, as plain pointers: valid while the object lives.
    struct Memory: BitwiseCopyable {
        let places: UnsafeMutablePointer<Place>
        let edges: UnsafeMutablePointer<Edge>
        let elements: UnsafeMutablePointer<Element>
        let names: UnsafeMutablePointer<UInt8>
    }

    /// How many places there are.
    package let count: Int
    let memory: Memory

    init(places: [Place], edges: [Edge], elements: [Element], names: [UInt8]) {
        count = places.count
        memory = Memory(
            places: Self.kept(places), edges: Self.kept(edges), elements: Self.kept(elements), names: Self.kept(names))
    }

    deinit {
        memory.places.deallocate()
        memory.edges.deallocate()
        memory.elements.deallocate()
        memory.names.deallocate()
    }

    private static func kept<Item: BitwiseCopyable>(_ items: [Item]) -> UnsafeMutablePointer<Item> {
        let memory = UnsafeMutablePointer<Item>.allocate(capacity: max(items.count, 1))
        _ = UnsafeMutableBufferPointer(start: memory, count: items.count).initialize(from: items)
        return memory
    }

    /// The place of the member of that name below another place; `nil` when nobody wants it.
    package func member(_ name: UnsafeBufferPointer<UInt8>, of place: Int32) -> Int32? {
        guard let base = name.baseAddress else { return emptyName(of: place) }
        let found = memory.member(prefix: Self.prefix(name), name: base, count: name.count, of: place)
        return found < 0 ? nil : found
    }

    private func emptyName(of place: Int32) -> Int32? {
        memory.edges(of: place).lazy.map { self.memory.edges[$0] }.first { $0.count == 0 }?.place
    }

    /// The elements that are wanted of a place, by their positions.
    package func elements(of place: Int32) -> [(position: Int, place: Int32)] {
        memory.elements(of: place).map { (memory.elements[$0].position, memory.elements[$0].place) }
    }

    /// The members that are wanted of a place.
    package func members(of place: Int32) -> [(name: String, place: Int32)] {
        memory.edges(of: place).map { index in
            let edge = memory.edges[index]
            let name = UnsafeBufferPointer(start: memory.names + Int(edge.name), count: Int(edge.count))
            return (String(decoding: name, as: UTF8.self), edge.place)
        }
    }

    /// Whether anything is wanted below a place.
    package func hasParts(_ place: Int32) -> Bool { memory.hasMembers(place) || memory.hasElements(place) }

    /// Whether somebody wants to be told when there is a value at the place.
    package func isWatched(_ place: Int32) -> Bool { memory.places[Int(place)].isWatched }

    /// The first eight bytes as a number, so that most comparisons need no loop.
    static func prefix(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var prefix: UInt64 = 0
        for (index, byte) in bytes.prefix(8).enumerated() { prefix |= UInt64(byte) << (UInt64(index) * 8) }
        return prefix
    }
}

extension JSONPathTree.Memory {
    /// Up to this many members are tried one after the other.
    private static let linearLimit = 8

    /// The place of the member of that name; -1 when nobody wants it.
    @inline(__always)
    func member(prefix: UInt64, name: UnsafePointer<UInt8>, count: Int, of place: Int32) -> Int32 {
        var index = Int(places[Int(place)].firstEdge)
        let end = Int(places[Int(place)].endOfEdges)
        if end - index > Self.linearLimit { index = firstEdge(index, end, prefix: prefix) }
        while index < end {
            let edge = edges[index]
            if edge.prefix == prefix, Int(edge.count) == count, isName(edge, name, count) { return edge.place }
            if edge.prefix > prefix { return -1 }
            index += 1
        }
        return -1
    }

    @inline(__always)
    private func isName(_ edge: JSONPathTree.Edge, _ name: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        count <= 8 || csimdjson_compare(names + Int(edge.name) + 8, name + 8, count - 8) == 0
    }

    /// The first edge whose prefix is not below.
    private func firstEdge(_ start: Int, _ end: Int, prefix: UInt64) -> Int {
        var (low, high) = (start, end)
        while low < high {
            let middle = low + (high - low) / 2
            if edges[middle].prefix < prefix { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @inline(__always)
    func hasElements(_ place: Int32) -> Bool { places[Int(place)].firstElement < places[Int(place)].endOfElements }

    @inline(__always)
    func hasMembers(_ place: Int32) -> Bool { places[Int(place)].firstEdge < places[Int(place)].endOfEdges }

    /// The place of the element at that position; -1 when nobody wants it.
    func element(_ position: Int, of place: Int32) -> Int32 {
        for index in elements(of: place) where elements[index].position == position { return elements[index].place }
        return -1
    }

    func edges(of place: Int32) -> Range<Int> {
        Int(places[Int(place)].firstEdge)..<Int(places[Int(place)].endOfEdges)
    }

    func elements(of place: Int32) -> Range<Int> {
        Int(places[Int(place)].firstElement)..<Int(places[Int(place)].endOfElements)
    }
}
