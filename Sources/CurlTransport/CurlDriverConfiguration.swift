import Glibc

/// The settings of one ``CurlDriver``.
package struct CurlDriverConfiguration: Sendable {
    /// How many requests run at once; more wait. 1 to 1024, default 64.
    package var maxInFlight: Int
    /// How many requests may wait for their turn; more are answered `notSent(busy)`. 0 to 65536, default 256.
    package var maxWaiting: Int
    /// A file with the trusted certificates (PEM) in place of the system's; checked at start.
    package var caFile: String?
    /// The proxy for every request, `http://host:port` without user information; `nil` is none. The environment's proxies are
    /// never used.
    package var proxy: String?
    /// The value of `User-Agent`.
    package var userAgent: String
    /// Where a URL's host leads, in place of the system's resolver, as curl's `--resolve` and `--connect-to`; `nil`, or the answer
    /// `nil`, leaves it to the resolver. Asked once for each request on the transport's thread, so it must not wait. What it answers
    /// is judged as a resolver's answer is.
    package var route: (@Sendable (HTTPURL) -> HostRoute?)?

    package init(
        maxInFlight: Int = 64, maxWaiting: Int = 256, caFile: String? = nil, proxy: String? = nil,
        userAgent: String = "vpsbridge", route: (@Sendable (HTTPURL) -> HostRoute?)? = nil
    ) {
        self.maxInFlight = maxInFlight
        self.maxWaiting = maxWaiting
        self.caFile = caFile
        self.proxy = proxy
        self.userAgent = userAgent
        self.route = route
    }

    /// Checks the values, and that the file of certificates is one.
    func check() throws(CurlStartError) {
        guard (1...1_024).contains(maxInFlight), (0...65_536).contains(maxWaiting) else {
            throw CurlStartError(.configuration, "the transport runs 1 to 1024 requests at once and lets 0 to 65536 wait")
        }
        guard !userAgent.utf8.isEmpty, userAgent.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw CurlStartError(.configuration, "the user agent must be printable ASCII and not empty")
        }
        if let proxy {
            do {
                _ = try HTTPURL(proxy)
            } catch {
                throw CurlStartError(.configuration, "the proxy is not usable: \(error.reason)")
            }
        }
        if let caFile {
            guard !caFile.utf8.contains(0), Self.isReadableFile(caFile) else {
                throw CurlStartError(.caFile, "the file of trusted certificates can not be read: \(caFile)")
            }
        }
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
