import Tracing

/// A transport that counts and traces what it sends.
///
/// Every attempt is counted in ``TransportMetrics`` and is one span of kind client, under the context of the task that sends; see
/// ``AttemptSpan``. No context is sent along: the receivers are other people's servers.
package struct ObservedTransport: HTTPTransport {
    private let upstream: UpstreamName
    private let exchanger: any HTTPExchanging
    private let series: UpstreamSeries

    /// A transport whose requests are for that upstream.
    package init(upstream: UpstreamName, exchanger: any HTTPExchanging, metrics: TransportMetrics) {
        self.upstream = upstream
        self.exchanger = exchanger
        series = metrics.series(of: upstream)
    }

    /// Sends the request; see ``HTTPTransport``.
    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        series.began()
        // The method alone: OpenTelemetry's name of a client span without a template of its path.
        let exchange = await withSpan(request.method.rawValue, ofKind: .client) { span in
            guard span.isRecording else { return await exchanger.exchange(request) }
            AttemptSpan.begin(span, request, upstream)
            let exchange = await exchanger.exchange(request)
            AttemptSpan.end(span, exchange)
            return exchange
        }
        series.ended(request.method, exchange)
        return exchange.outcome
    }
}
