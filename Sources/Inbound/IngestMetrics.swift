import NIOCore

/// What the ingest listener counts, for `/metrics`; safe to use from any thread without waiting.
///
/// The label `source` takes the configured names and, for every path that names none, `(unknown)`: strangers can not add series.
package final class IngestMetrics: Sendable {
    private let sources: [(name: String, counters: SourceCounters)]
    private let unknown = SourceCounters()
    private let durations = Histogram()

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
        var text = """
            # HELP vpsbridge_events_received_total Webhook requests by source and by what became of them.
            # TYPE vpsbridge_events_received_total counter

            """
        for (name, counters) in sources + [("(unknown)", unknown)] {
            for outcome in IngestOutcome.allCases {
                let labels = "source=\"\(Self.escaped(name))\",outcome=\"\(outcome.rawValue)\""
                text += "vpsbridge_events_received_total{\(labels)} \(counters[outcome].value)\n"
            }
        }
        text += """
            # HELP vpsbridge_ingest_duration_seconds Time from the headers of an authenticated webhook request to its answer.
            # TYPE vpsbridge_ingest_duration_seconds histogram

            """
        let (cumulative, sum) = durations.snapshot()
        for (bound, count) in zip(Histogram.bounds.map { String($0) } + ["+Inf"], cumulative) {
            text += "vpsbridge_ingest_duration_seconds_bucket{le=\"\(bound)\"} \(count)\n"
        }
        text += "vpsbridge_ingest_duration_seconds_sum \(sum)\n"
        text += "vpsbridge_ingest_duration_seconds_count \(cumulative.last ?? 0)\n"
        return text
    }

    /// The counters of a source, to be looked up once and kept.
    func counters(of source: String?) -> SourceCounters {
        sources.first { $0.name.utf8.elementsEqual((source ?? "").utf8) }?.counters ?? unknown
    }

    func observe(_ duration: TimeAmount) {
        durations.observe(duration)
    }

    /// A label value, with what Prometheus' text format gives a meaning escaped.
    package static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
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
