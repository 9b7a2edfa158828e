/// How long the phases of one transfer took, in microseconds' resolution.
///
/// Each value counts from the start of the transfer to the end of its phase, as libcurl counts them (`CURLINFO_…_TIME_T`), and
/// is zero when the phase did not take place: name look-up, connect and TLS on a reused connection, TLS over plain http.
package struct HTTPTimings: Sendable, Hashable {
    /// Until the host's name (behind a proxy: the proxy's) was resolved.
    package let nameLookup: Duration
    /// Until the TCP connection stood.
    package let connect: Duration
    /// Until the TLS handshake was done.
    package let tls: Duration
    /// Until the first byte of the response arrived.
    package let firstByte: Duration
    /// Until the transfer ended, however it ended.
    package let total: Duration

    package init(
        nameLookup: Duration = .zero, connect: Duration = .zero, tls: Duration = .zero, firstByte: Duration = .zero,
        total: Duration = .zero
    ) {
        self.nameLookup = nameLookup
        self.connect = connect
        self.tls = tls
        self.firstByte = firstByte
        self.total = total
    }
}
