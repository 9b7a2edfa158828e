/// The offsets of one time zone through time, read from its TZif file (RFC 9636).
struct TimeZoneRules: Sendable {
    private struct Transition: Sendable {
        let second: Int64
        let offset: Int
    }

    /// Before the first transition.
    private let firstOffset: Int
    private let transitions: [Transition]
    /// After the last transition; `nil` keeps the last offset.
    private let future: TimeZoneFuture?

    /// Reads a TZif file of version 2 or later; `nil` for anything that is not one.
    init?(tzif bytes: [UInt8]) {
        var reader = TZifReader(bytes: bytes)
        guard let outdated = reader.header(), outdated.version >= 0x32, reader.skip(outdated.bodySize(timeSize: 4)),
            let header = reader.header(), header.typeCount > 0, header.typeCount <= 256, header.timeCount <= 10_000,
            let seconds = reader.integers(count: header.timeCount), let indices = reader.bytes(count: header.timeCount)
        else { return nil }
        var offsets: [Int] = []
        for _ in 0..<header.typeCount {
            guard let type = reader.bytes(count: 6) else { return nil }
            let offset = type.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            offsets.append(Int(Int32(bitPattern: offset)))
        }
        guard reader.skip(header.charCount + header.leapCount * 12 + header.standardCount + header.utCount),
            indices.allSatisfy({ $0 < offsets.count }), zip(seconds, seconds.dropFirst()).allSatisfy({ $0 < $1 }),
            offsets.allSatisfy({ abs($0) < 26 * 3_600 }), let footer = reader.footer()
        else { return nil }
        transitions = zip(seconds, indices).map { Transition(second: $0, offset: offsets[Int($1)]) }
        firstOffset = offsets[0]
        future = footer.isEmpty ? nil : TimeZoneFuture(footer)
        if !footer.isEmpty && future == nil { return nil }
    }

    /// The offset from UTC in seconds at a Unix time.
    func offset(at second: Int64) -> Int {
        guard let last = transitions.last else { return future?.offset(at: second) ?? firstOffset }
        if second >= last.second { return future?.offset(at: second) ?? last.offset }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].second <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : transitions[low - 1].offset
    }
}

/// A cursor over a TZif file.
private struct TZifReader {
    struct Header {
        let version: UInt8
        let utCount, standardCount, leapCount, timeCount, typeCount, charCount: Int

        func bodySize(timeSize: Int) -> Int {
            timeCount * timeSize + timeCount + typeCount * 6 + charCount + leapCount * (timeSize + 4) + standardCount + utCount
        }
    }

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func bytes(count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - position else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func skip(_ count: Int) -> Bool { bytes(count: count) != nil }

    mutating func header() -> Header? {
        guard let magic = bytes(count: 4), magic.elementsEqual("TZif".utf8), let version = bytes(count: 1)?.first, skip(15) else {
            return nil
        }
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let field = bytes(count: 4) else { return nil }
            counts.append(Int(field.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
        }
        return Header(
            version: version, utCount: counts[0], standardCount: counts[1], leapCount: counts[2], timeCount: counts[3],
            typeCount: counts[4], charCount: counts[5])
    }

    mutating func integers(count: Int) -> [Int64]? {
        guard let field = bytes(count: count * 8) else { return nil }
        return stride(from: field.startIndex, to: field.endIndex, by: 8).map { start in
            Int64(bitPattern: field[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
    }

    /// The text between the last two newlines; empty when there is no rule for the future.
    mutating func footer() -> [UInt8]? {
        guard bytes(count: 1)?.first == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
        return Array(bytes[position..<end])
    }
}
