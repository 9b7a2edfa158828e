import CCurl

/// What the libcurl at hand offers.
package struct CurlBuild: Sendable, Hashable {
    /// Three bytes: major, minor, patch; 0x075801 is 7.88.1.
    package var version: UInt32
    /// The same for people.
    package var versionText: String
    /// The TLS library, such as `OpenSSL/3.0.19`.
    package var tls: String?
    /// The certificate bundle that libcurl was built to use.
    package var defaultCAFile: String?
    package var hasAsyncDNS: Bool
    package var isThreadSafe: Bool
    /// Whether it can send mail, over TLS too.
    package var hasSMTP: Bool

    package init(
        version: UInt32, versionText: String, tls: String?, defaultCAFile: String?, hasAsyncDNS: Bool, isThreadSafe: Bool,
        hasSMTP: Bool = true
    ) {
        self.version = version
        self.versionText = versionText
        self.tls = tls
        self.defaultCAFile = defaultCAFile
        self.hasAsyncDNS = hasAsyncDNS
        self.isThreadSafe = isThreadSafe
        self.hasSMTP = hasSMTP
    }

    /// The libcurl that this process runs with, which need not be the one it was built with.
    package static var current: CurlBuild {
        let build = ccurl_build_info()
        return CurlBuild(
            version: build.version, versionText: String(cString: build.version_text),
            tls: build.has_tls ? build.tls_text.map { String(cString: $0) } ?? "unnamed" : nil,
            defaultCAFile: build.default_ca_file.map { String(cString: $0) },
            hasAsyncDNS: build.has_async_dns, isThreadSafe: build.is_thread_safe, hasSMTP: build.has_smtp)
    }

    /// Refuses a libcurl that lacks what the transport's promises rest on.
    ///
    /// 7.87 is the first with CURLOPT_QUICK_EXIT, without which one slow name look-up holds up every request, and with
    /// CURLOPT_CA_CACHE_TIMEOUT; the sending guard (CURLOPT_PREREQFUNCTION) is of 7.80, CURLOPT_PROTOCOLS_STR of 7.85.
    package func check() throws(CurlStartError) {
        guard version >= 0x07_57_00 else {
            throw CurlStartError(.version, "libcurl \(versionText) is too old: 7.87.0 or newer is needed")
        }
        guard tls != nil else {
            throw CurlStartError(.feature, "libcurl \(versionText) is built without TLS: install one with OpenSSL")
        }
        guard hasAsyncDNS else {
            throw CurlStartError(.feature, "libcurl \(versionText) is built without asynchronous name look-up (AsynchDNS)")
        }
        guard isThreadSafe else {
            throw CurlStartError(.feature, "libcurl \(versionText) is built without thread-safe initialisation (threadsafe)")
        }
    }
}
