/// Sends HTTP requests and says, beside the outcome, what was measured of each.
package protocol HTTPExchanging: HTTPTransport {
    /// Sends the request and waits for its outcome; returns exactly once, also at cancellation and shutdown.
    func exchange(_ request: HTTPRequest) async -> HTTPExchange
}

extension CurlDriver: HTTPExchanging {}
