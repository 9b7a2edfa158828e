import CCurl
import Glibc

/// What all transfers of one driver have in common, in C's terms; belongs to the driver's thread.
final class CurlSettings {
    /// All header bytes of one response together, interim responses and trailers included.
    static let responseHeaderBytesMax = 65_536

    private let userAgent: UnsafeMutablePointer<CChar>?
    private let caFile: UnsafeMutablePointer<CChar>?
    private let proxy: UnsafeMutablePointer<CChar>?
    private let pins: UnsafeMutablePointer<CChar>?
    private let lowSpeedBytes: Int
    private let lowSpeedSeconds: Int
    /// A setting that is lost must not pass for one that was not made.
    private let isComplete: Bool

    init(_ configuration: CurlDriverConfiguration) {
        userAgent = strdup(configuration.userAgent)
        caFile = configuration.caFile.flatMap { strdup($0) }
        proxy = configuration.proxy.flatMap { strdup($0) }
        pins = configuration.pins.isEmpty ? nil : strdup(configuration.pins.map(\.text).joined(separator: ";"))
        isComplete =
            (caFile == nil) == (configuration.caFile == nil) && (proxy == nil) == (configuration.proxy == nil)
            && (pins == nil) == configuration.pins.isEmpty
        lowSpeedBytes = configuration.lowSpeedBytes
        lowSpeedSeconds = configuration.lowSpeedSeconds
    }

    deinit {
        for text in [userAgent, caFile, proxy, pins] { free(text) }
    }

    /// A new transfer; `nil` when memory is short.
    func makeTransfer(tag: UInt32) -> OpaquePointer? {
        guard isComplete, let userAgent else { return nil }
        var values = ccurl_settings(
            user_agent: userAgent, ca_file: caFile, proxy: proxy, pins: pins, header_cap: Self.responseHeaderBytesMax,
            low_speed_bytes: lowSpeedBytes, low_speed_seconds: lowSpeedSeconds)
        return ccurl_transfer_create(tag, &values)
    }
}
