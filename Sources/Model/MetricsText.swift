/// The Prometheus text exposition format, version 0.0.4, written one family after the other.
///
/// Names follow OpenMetrics: base units (seconds, bytes) as a suffix, `_total` at the end of a counter. Help and names are the
/// program's own; label values may be anything.
package struct MetricsText: Sendable {
    /// What a family's samples are.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        /// Here without quantiles: a sum and a count.
        case summary
    }

    /// What was written so far.
    package private(set) var text = ""
    private var name = ""

    package init() {}

    /// Begins a family; the samples that follow are of it.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// A sample of the family with those labels.
    package mutating func sample(
        _ labels: KeyValuePairs<String, String>, _ value: some Numeric & CustomStringConvertible
    ) {
        line("", Self.written(labels), value.description)
    }

    /// A family of one sample without labels.
    package mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some Numeric & CustomStringConvertible) {
        family(name, kind, help)
        sample([:], value)
    }

    /// The buckets, the sum and the count of a histogram with those labels.
    package mutating func histogram(_ labels: KeyValuePairs<String, String>, _ snapshot: Histogram.Snapshot) {
        let own = Self.written(labels)
        let bounds = snapshot.bounds.map(\.description) + ["+Inf"]
        for (bound, count) in zip(bounds, snapshot.cumulative) {
            line("_bucket", (own.isEmpty ? "" : own + ",") + "le=\"\(bound)\"", count.description)
        }
        line("_sum", own, snapshot.sum.description)
        line("_count", own, (snapshot.cumulative.last ?? 0).description)
    }

    /// The sum in seconds and the count of a summary with those labels.
    package mutating func summary(_ labels: KeyValuePairs<String, String>, sum: Double, count: UInt64) {
        let own = Self.written(labels)
        line("_sum", own, sum.description)
        line("_count", own, count.description)
    }

    private mutating func line(_ suffix: String, _ labels: String, _ value: String) {
        text += name + suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(value)\n"
    }

    private static func written(_ labels: KeyValuePairs<String, String>) -> String {
        labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
    }

    /// A label value, with what the format gives a meaning escaped.
    private static func escaped(_ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
            case "\"": text.append(contentsOf: "\\\"".unicodeScalars)
            case "\n": text.append(contentsOf: "\\n".unicodeScalars)
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
