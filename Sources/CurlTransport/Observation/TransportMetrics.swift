package import Model

/// What the transports of a process count, for `/metrics`; safe to use from any thread.
///
/// Every label is of a closed set: nothing that comes from a URL, an event or an answer becomes a series.
package final class TransportMetrics: Sendable {
    private let series = UpstreamName.allCases.map { (upstream: $0, counts: UpstreamSeries()) }
    private let spare = UpstreamSeries()

    package init() {}

    func series(of upstream: UpstreamName) -> UpstreamSeries {
        series.first { $0.upstream == upstream }?.counts ?? spare
    }

    /// How many attempts for that upstream had that outcome and code since the start; the words are those of the metric
    /// `vpsbridge_http_client_attempts_total`.
    package func attempts(_ upstream: UpstreamName, outcome: String, code: String) -> UInt64 {
        series(of: upstream).attempts.reduce(0) { sum, entry in
            let result = entry.key.result
            return result.outcome == outcome && result.code == code ? sum + entry.value : sum
        }
    }

    /// The counts in the Prometheus text format; the families are listed in docs/configuration.md.
    package func render(into text: inout MetricsText) {
        renderAttempts(into: &text)
        renderTimes(into: &text)
        renderConnections(into: &text)
    }

    private func renderAttempts(into text: inout MetricsText) {
        text.family(
            "vpsbridge_http_client_attempts_total", .counter,
            "HTTP requests sent or tried by upstream, method and what became of them.")
        for (upstream, counts) in series {
            let attempts = counts.attempts.map { (labels: $0.key, count: $0.value) }
                .sorted {
                    ($0.labels.method.rawValue, $0.labels.result.outcome, $0.labels.result.code)
                        < ($1.labels.method.rawValue, $1.labels.result.outcome, $1.labels.result.code)
                }
            for (key, count) in attempts {
                text.sample(
                    [
                        "upstream": upstream.rawValue, "method": key.method.rawValue, "outcome": key.result.outcome,
                        "code": key.result.code,
                    ], count)
            }
        }
        text.family("vpsbridge_http_client_in_flight", .gauge, "HTTP requests that wait or run.")
        for (upstream, counts) in series { text.sample(["upstream": upstream.rawValue], counts.inFlight) }
        text.family(
            "vpsbridge_http_client_resends_total", .counter,
            "Replayable requests that libcurl let out once more, on a fresh connection.")
        for (upstream, counts) in series { text.sample(["upstream": upstream.rawValue], counts.resends.value) }
    }

    private func renderTimes(into text: inout MetricsText) {
        text.family(
            "vpsbridge_http_client_duration_seconds", .histogram,
            "Time from a request's arrival at the transport to its outcome.")
        for (upstream, counts) in series { text.histogram(["upstream": upstream.rawValue], counts.durations.snapshot()) }
        text.family(
            "vpsbridge_http_client_first_byte_seconds", .histogram,
            "Time from a request's arrival at the transport to the first byte of the answer.")
        for (upstream, counts) in series { text.histogram(["upstream": upstream.rawValue], counts.firstBytes.snapshot()) }
        text.family(
            "vpsbridge_http_client_phase_seconds", .summary,
            "Time that went into the phases of requests: each only where it took place.")
        for (upstream, counts) in series {
            let phases = counts.phases
            for phase in AttemptPhase.allCases {
                let time = phases[phase] ?? UpstreamSeries.PhaseTime()
                text.summary(
                    ["upstream": upstream.rawValue, "phase": phase.rawValue], sum: time.whole.inMetricSeconds, count: time.count)
            }
        }
    }

    private func renderConnections(into text: inout MetricsText) {
        text.family(
            "vpsbridge_http_client_connections_total", .counter,
            "Requests by whether they took a connection that was there or opened one.")
        for (upstream, counts) in series {
            text.sample(["upstream": upstream.rawValue, "reused": "true"], counts.connectionsReused.value)
            text.sample(["upstream": upstream.rawValue, "reused": "false"], counts.connectionsOpened.value)
        }
        text.family("vpsbridge_http_client_sent_bytes_total", .counter, "Heads and bodies of requests, in bytes.")
        for (upstream, counts) in series { text.sample(["upstream": upstream.rawValue], counts.bytesSent.value) }
        text.family("vpsbridge_http_client_received_bytes_total", .counter, "Heads and bodies of answers, in bytes.")
        for (upstream, counts) in series { text.sample(["upstream": upstream.rawValue], counts.bytesReceived.value) }
    }
}
