import Glibc

/// The settings of one ``CurlDriver``.
package struct CurlDriverConfiguration: Sendable {
    /// How many requests run at once; more wait. 1 to 1024, default 64.
    package var maxInFlight: Int
    /// How many requests may wait for their turn; more are answered `notSent(busy)`. 0 to 65536, default 256.
    package var maxWaiting: Int
    /// A file with the trusted certificates (PEM) in place of the system's; checked at start.
    package var caFile: String?
    /// Public keys of which every https server must have one, besides a trusted certificate; none is "any key". At most
    /// ``PublicKeyPin/countMax``: the old and the new one while a key is changed.
    package var pins: [PublicKeyPin]
    /// The proxy for every request, `http://host:port` without user information; `nil` is none. The environment's proxies are
    /// never used. The proxy resolves the names, so that the check for public addresses becomes its duty.
    package var proxy: String?
    /// The value of `User-Agent`.
    package var userAgent: String
    /// A response that has begun and brings fewer bytes a second than this, for ``lowSpeedSeconds``, ends as `timeout`. 1 to
    /// 1 MiB, default 1. Before its first byte only the request's total timeout counts: a server may think.
    package var lowSpeedBytes: Int
    /// For how many seconds; 0 to 600, default 15, 0 is "for ever". libcurl's speed is that of the last five seconds.
    package var lowSpeedSeconds: Int
    /// Where a URL's host leads, in place of the system's resolver, as curl's `--resolve` and `--connect-to`; `nil`, or the answer
    /// `nil`, leaves it to the resolver. Asked once for each request on the transport's thread, so it must not wait. What it answers
    /// is judged as a resolver's answer is.
    package var route: (@Sendable (HTTPURL) -> HostRoute?)?

    package init(
        maxInFlight: Int = 64, maxWaiting: Int = 256, caFile: String? = nil, pins: [PublicKeyPin] = [], proxy: String? = nil,
        userAgent: String = "vpsbridge", lowSpeedBytes: Int = 1, lowSpeedSeconds: Int = 15,
        route: (@Sendable (HTTPURL) -> HostRoute?)? = nil
    ) {
        self.maxInFlight = maxInFlight
        self.maxWaiting = maxWaiting
        self.caFile = caFile
        self.pins = pins
        self.proxy = proxy
        self.userAgent = userAgent
        self.lowSpeedBytes = lowSpeedBytes
        self.lowSpeedSeconds = lowSpeedSeconds
        self.route = route
    }

    /// Checks the values, and that the file of certificates is one.
    func check() throws(CurlStartError) {
        guard (1...1_024).contains(maxInFlight), (0...65_536).contains(maxWaiting) else {
            throw CurlStartError(.configuration, "the transport runs 1 to 1024 requests at once and lets 0 to 65536 wait")
        }
        guard (1...1_048_576).contains(lowSpeedBytes), (0...600).contains(lowSpeedSeconds) else {
            throw CurlStartError(.configuration, "the least speed is 1 to 1048576 bytes a second, over 0 to 600 seconds")
        }
        guard pins.count <= PublicKeyPin.countMax else {
            throw CurlStartError(.configuration, "there are more than \(PublicKeyPin.countMax) pins")
        }
        guard !userAgent.utf8.isEmpty, userAgent.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw CurlStartError(.configuration, "the user agent must be printable ASCII and not empty")
        }
        if let proxy {
            let url: HTTPURL
            do {
                url = try HTTPURL(proxy)
            } catch {
                throw CurlStartError(.configuration, "the proxy is not usable: \(error.reason)")
            }
            // Neither the file of certificates nor the pins would hold for TLS to the proxy itself.
            guard !url.isSecure, url.pathAndQuery.utf8.elementsEqual("/".utf8) else {
                throw CurlStartError(.configuration, "the proxy is not usable: write http://HOST:PORT")
            }
        }
        if let caFile, let fault = CertificateFile.fault(path: caFile) { throw CurlStartError(.caFile, fault) }
    }

    /// What is wrong when no file is configured and libcurl's own can not be used; `nil` when nothing is.
    func trustWarning(defaultFile: String?) -> String? {
        guard caFile == nil else { return nil }
        guard let defaultFile else { return "libcurl knows no trusted certificates: configure a file of them" }
        guard !Self.isReadableFile(defaultFile) else { return nil }
        return "no trusted certificates at \(defaultFile): install ca-certificates or configure a file of them"
    }

    /// A readable regular file that is not empty.
    private static func isReadableFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0 && access(path, R_OK) == 0
    }
}
