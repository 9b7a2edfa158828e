import Model
import NIOCore

/// What the ingest listener counts, for `/metrics`; safe to use from any thread without waiting.
///
/// The label `source` takes the configured names and, for every path that names none, `(unknown)`: strangers can not add series.
package final class IngestMetrics: Sendable {
    private let sources: [(name: String, counters: SourceCounters)]
    private let unknown = SourceCounters()
    /// Around the 500 ms within which senders are to be answered.
    private let durations = Histogram(bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])

    /// Counts for sources of those names.
    package init(sources names: some Collection<String>) {
        sources = names.sorted().map { ($0, SourceCounters()) }
    }

    /// How many requests of that source had that outcome since the start; `nil` stands for paths that name no source.
    package func count(source: String?, _ outcome: IngestOutcome) -> UInt64 {
        counters(of: source)[outcome].value
    }

    /// The counts in the Prometheus text exposition format, version 0.0.4: `vpsbridge_events_received_total{source,outcome}` and
    /// the histogram `vpsbridge_ingest_duration_seconds`.
    package func renderPrometheusText() -> String {
        var text = MetricsText()
        text.family(
            "vpsbridge_events_received_total", .counter, "Webhook requests by source and by what became of them.")
        for (name, counters) in sources + [("(unknown)", unknown)] {
            for outcome in IngestOutcome.allCases {
                text.sample(["source": name, "outcome": outcome.rawValue], counters[outcome].value)
            }
        }
        text.family(
            "vpsbridge_ingest_duration_seconds", .histogram,
            "Time from the headers of an authenticated webhook request to its answer.")
        text.histogram([:], durations.snapshot())
        return text.text
    }

    /// The counters of a source, to be looked up once and kept.
    func counters(of source: String?) -> SourceCounters {
        sources.first { $0.name.utf8.elementsEqual((source ?? "").utf8) }?.counters ?? unknown
    }

    func observe(_ duration: TimeAmount) {
        durations.observe(Duration(duration))
    }
}

/// One source's counts, one per outcome.
final class SourceCounters: Sendable {
    private let accepted = Counter()
    private let duplicate = Counter()
    private let answered = Counter()
    private let rejectedAuth = Counter()
    private let invalid = Counter()
    private let overloaded = Counter()

    subscript(outcome: IngestOutcome) -> Counter {
        switch outcome {
        case .accepted: accepted
        case .duplicate: duplicate
        case .answered: answered
        case .rejectedAuth: rejectedAuth
        case .invalid: invalid
        case .overloaded: overloaded
        }
    }
}
