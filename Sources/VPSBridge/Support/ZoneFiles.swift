import Foundation

/// The machine's time zone database.
enum ZoneFiles {
    /// Where Debian's `tzdata` puts it.
    static let folder = "/usr/share/zoneinfo"
    /// Longer files are not time zones; the longest is about 4 KiB.
    static let maxBytes = 64 << 10

    /// The TZif file of a zone; `nil` when there is none. The caller hands in names of letters, digits, `_`, `+`, `-` and single slashes.
    @Sendable
    static func read(_ zone: String) -> [UInt8]? {
        guard let data = FileManager.default.contents(atPath: folder + "/" + zone), data.count <= maxBytes else { return nil }
        return Array(data)
    }
}
