/// Where a host leads: the addresses that are tried, and the port there.
package struct HostRoute: Sendable, Hashable {
    /// IP addresses in the order in which they are tried; those of IPv6 in brackets.
    package var addresses: [String]
    /// The port to connect to; `nil` is the URL's own. `Host` and the certificate's name stay the URL's.
    package var port: UInt16?

    package init(addresses: [String], port: UInt16? = nil) {
        self.addresses = addresses
        self.port = port
    }
}

/// A route in libcurl's terms.
struct RouteLines {
    let resolve: String
    let connectTo: String

    init(_ route: HostRoute, for url: HTTPURL) {
        let port = route.port ?? url.port
        resolve = "\(url.host):\(port):\(route.addresses.joined(separator: ","))"
        connectTo = "\(url.host):\(url.port)::\(port)"
    }
}
