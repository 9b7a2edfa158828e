import CurlTransport

/// Checks of addresses that requests go to or through; what is wrong is said without showing the address.
enum OutboundAddress {
    /// Why an address can not be used, and what to write instead.
    struct Unusable: Error {
        let reason: String
        let hint: String?
    }

    /// The proxy's origin with its port, so that nobody has to guess it: libcurl's default for proxies would be 1080.
    ///
    /// User information is refused: the transport has no place for it that a log, a crash trace or the list of processes could
    /// not show.
    static func proxy(_ text: String) throws(Unusable) -> String {
        let url: HTTPURL
        do throws(HTTPRequestError) {
            url = try HTTPURL(text)
        } catch {
            let hint =
                error.code == .urlUserinfo
                ? "proxies with a user name and a password are not supported: let the proxy admit the bridge by its address"
                : "write `http://HOST:PORT`"
            throw Unusable(
                reason: error.code == .urlUserinfo ? "the URL holds a user name or password" : error.reason, hint: hint)
        }
        guard !url.isSecure else {
            throw Unusable(
                reason: "the proxy itself is spoken to in plain http",
                hint: "write `http://HOST:PORT`; https requests stay encrypted")
        }
        guard url.pathAndQuery.utf8.elementsEqual("/".utf8) else {
            throw Unusable(reason: "a proxy has no path", hint: "write `http://HOST:PORT`")
        }
        return url.origin
    }

    /// What is wrong with the origin of the Servers API; `nil` when nothing is.
    static func problem(ofBaseURL text: String) -> String? {
        do throws(HTTPRequestError) {
            return try HTTPURL(text).pathAndQuery.utf8.elementsEqual("/".utf8) ? nil : "it has a path"
        } catch {
            return error.reason
        }
    }
}
