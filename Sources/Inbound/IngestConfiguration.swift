/// Where the ingest listener listens and what it puts up with.
package struct IngestConfiguration: Sendable {
    /// The host name or address to bind. Default `0.0.0.0`.
    package var host: String
    /// The TCP port to bind, 0 for any free one. Default 8080.
    package var port: Int
    package var limits: ListenerLimits

    package init(host: String = "0.0.0.0", port: Int = 8080, limits: ListenerLimits = ListenerLimits()) {
        self.host = host
        self.port = port
        self.limits = limits
    }
}

/// What a listener puts up with before it refuses: sizes, times and counts. Every one of them is enforced before authentication.
package struct ListenerLimits: Sendable {
    /// The longest body in bytes; a longer one is answered 413. Default 1 MiB.
    package var maxBodyBytes: Int
    /// The longest request line plus header block in bytes; a longer one is answered 431. Default 16 KiB.
    package var maxHeaderBytes: Int
    /// The most header fields of one request; more are answered 431. Default 100.
    package var maxHeaderFields: Int
    /// The most connections at once; further ones wait in the kernel's queue. Connections that come at the same instant can exceed it by
    /// a few. Default 1024, less when the process may open fewer files.
    package var maxConnections: Int
    /// The most bytes of bodies held at once, over all connections; beyond it requests are answered 503. Default 64 MiB.
    package var maxBodyBytesInFlight: Int
    /// From the first byte of a request (for a connection's first request, from its opening) to the end of its headers. Default 10 s.
    package var headerTimeout: Duration
    /// From the end of the headers to the end of the body, however busily it trickles; then 408. Default 10 s.
    package var bodyTimeout: Duration
    /// How long a connection may be silent between two requests. Default 75 s.
    package var keepAliveTimeout: Duration
    /// How long a peer may leave a response unread. Default 10 s.
    package var writeTimeout: Duration
    /// How long a connection that is being closed still takes in what the peer was sending, so that the peer can read why. Default 1 s.
    package var lingerTimeout: Duration

    package init(
        maxBodyBytes: Int = 1 << 20, maxHeaderBytes: Int = 16 << 10, maxHeaderFields: Int = 100, maxConnections: Int = 1024,
        maxBodyBytesInFlight: Int = 64 << 20, headerTimeout: Duration = .seconds(10), bodyTimeout: Duration = .seconds(10),
        keepAliveTimeout: Duration = .seconds(75), writeTimeout: Duration = .seconds(10), lingerTimeout: Duration = .seconds(1)
    ) {
        self.maxBodyBytes = maxBodyBytes
        self.maxHeaderBytes = maxHeaderBytes
        self.maxHeaderFields = maxHeaderFields
        self.maxConnections = maxConnections
        self.maxBodyBytesInFlight = maxBodyBytesInFlight
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.keepAliveTimeout = keepAliveTimeout
        self.writeTimeout = writeTimeout
        self.lingerTimeout = lingerTimeout
    }
}
