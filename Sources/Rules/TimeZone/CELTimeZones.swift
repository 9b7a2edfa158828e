/// The time zones that expressions can name.
///
/// A pure value: zone data is read by whoever loads the rules and handed in, so that a replay gives the same answer.
struct CELTimeZones: Sendable {
    private let zones: [String: TimeZoneRules]

    init(_ zones: [String: TimeZoneRules]) {
        self.zones = zones
    }

    /// `UTC` and offsets such as `+02:00`, no names.
    static let fixedOffsetsOnly = CELTimeZones([:])

    /// The offset from UTC in seconds at a Unix time; `nil` when the zone is not known.
    func offset(of zone: String, at second: Int64) -> Int? {
        Self.fixedOffset(zone) ?? zones[zone]?.offset(at: second)
    }

    /// Reads `UTC`, `Z`, `+02:00`, `-02:30` and `02:00`.
    static func fixedOffset(_ zone: String) -> Int? {
        let bytes = Array(zone.utf8)
        if bytes.elementsEqual("UTC".utf8) || bytes.elementsEqual("Z".utf8) { return 0 }
        var digits = bytes[...]
        let sign = digits.first == 0x2D ? -1 : 1
        if digits.first == 0x2D || digits.first == 0x2B { digits = digits.dropFirst() }
        let parts = digits.split(separator: 0x3A, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { (0x30...0x39).contains($0) } }),
            let hours = Int(String(decoding: parts[0], as: UTF8.self)),
            let minutes = Int(String(decoding: parts[1], as: UTF8.self)),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}

/// Where zone data comes from while rules are loaded, and the zones found so far. Not shared between threads.
final class TimeZoneCatalog {
    private let data: (String) -> [UInt8]?
    private var found: [String: TimeZoneRules] = [:]

    init(data: @escaping (String) -> [UInt8]?) {
        self.data = data
    }

    /// All zones found so far.
    var zones: CELTimeZones { CELTimeZones(found) }

    /// Whether expressions can use a zone; its data is read the first time.
    func knows(_ name: String) -> Bool {
        if CELTimeZones.fixedOffset(name) != nil || found[name] != nil { return true }
        guard Self.isZoneName(name), let bytes = data(name), let rules = TimeZoneRules(tzif: bytes) else { return false }
        found[name] = rules
        return true
    }

    /// Names become paths: parts of letters, digits, `_`, `+` and `-`, joined by `/`, and nothing else.
    private static func isZoneName(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
        return (1...3).contains(parts.count) && name.utf8.count <= 64
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { CELLexer.isIdentifierStart($0) || CELLexer.isDigit($0) || $0 == 0x2B || $0 == 0x2D }
            }
    }
}
