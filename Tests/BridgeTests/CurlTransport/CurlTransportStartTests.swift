import CurlTransport
import Testing

@Suite("CurlDriver: start")
struct CurlTransportStartTests {
    private static let debian12 = CurlBuild(
        version: 0x07_58_01, versionText: "7.88.1", tls: "OpenSSL/3.0.19", defaultCAFile: nil, hasAsyncDNS: true,
        isThreadSafe: true)

    @Test("the libcurl at hand is good enough")
    func current() throws {
        try CurlBuild.current.check()
        #expect(CurlBuild.current.versionText.hasPrefix("\(CurlBuild.current.version >> 16)."))
    }

    @Test("a libcurl that lacks something is refused, and the reason says what")
    func lacking() {
        func refusal(_ change: (inout CurlBuild) -> Void) -> String? {
            var build = Self.debian12
            change(&build)
            do {
                try build.check()
                return nil
            } catch {
                return "\(error.code.rawValue): \(error.reason)"
            }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.version = 0x08_0E_01 } == nil)
        #expect(refusal { $0.version = 0x07_57_00 } == nil)
        #expect(refusal { $0.version = 0x07_56_01 } == "version: libcurl 7.88.1 is too old: 7.87.0 or newer is needed")
        #expect(refusal { $0.tls = nil }?.hasPrefix("feature: libcurl 7.88.1 is built without TLS") == true)
        #expect(refusal { $0.hasAsyncDNS = false }?.contains("AsynchDNS") == true)
        #expect(refusal { $0.isThreadSafe = false }?.contains("threadsafe") == true)
    }

    private static let configurations: [(CurlDriverConfiguration, CurlStartError.Code)] = [
        (CurlDriverConfiguration(maxInFlight: 0), .configuration), (CurlDriverConfiguration(maxInFlight: 1_025), .configuration),
        (CurlDriverConfiguration(maxWaiting: -1), .configuration), (CurlDriverConfiguration(maxWaiting: 65_537), .configuration),
        (CurlDriverConfiguration(userAgent: ""), .configuration),
        (CurlDriverConfiguration(userAgent: "a\r\nX: y"), .configuration),
        (CurlDriverConfiguration(proxy: "http://user:password@proxy"), .configuration),
        (CurlDriverConfiguration(proxy: "socks5://proxy"), .configuration),
        (CurlDriverConfiguration(caFile: "/nonexistent"), .caFile),
        (CurlDriverConfiguration(caFile: "/etc"), .caFile), (CurlDriverConfiguration(caFile: "/dev/null"), .caFile),
        (CurlDriverConfiguration(caFile: ""), .caFile), (CurlDriverConfiguration(caFile: "/etc/passwd\0"), .caFile),
    ]

    @Test("a configuration that can not work is refused at start", arguments: configurations)
    func refused(configuration: CurlDriverConfiguration, code: CurlStartError.Code) {
        let error = #expect(throws: CurlStartError.self) { try CurlDriver(configuration: configuration) }
        #expect(error?.code == code)
    }
}
