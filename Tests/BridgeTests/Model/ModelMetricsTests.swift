import Testing

@testable import Model

@Suite("Metrics")
struct ModelMetricsTests {
    @Test("families, labels, histograms and summaries are written as Prometheus reads them")
    func text() {
        let histogram = Histogram(bounds: [0.5, 1])
        for span in [Duration.milliseconds(500), .milliseconds(501), .seconds(2), .seconds(-1)] { histogram.observe(span) }
        var text = MetricsText()
        text.single("a_total", .counter, "As.", 3)
        text.family("b_seconds", .histogram, "Bs.")
        text.histogram(["who": "x"], histogram.snapshot())
        text.family("c_seconds", .summary, "Cs.")
        text.summary([:], sum: 1.5, count: 2)
        #expect(
            text.text == """
                # HELP a_total As.
                # TYPE a_total counter
                a_total 3
                # HELP b_seconds Bs.
                # TYPE b_seconds histogram
                b_seconds_bucket{who="x",le="0.5"} 2
                b_seconds_bucket{who="x",le="1.0"} 3
                b_seconds_bucket{who="x",le="+Inf"} 4
                b_seconds_sum{who="x"} 3.001
                b_seconds_count{who="x"} 4
                # HELP c_seconds Cs.
                # TYPE c_seconds summary
                c_seconds_sum 1.5
                c_seconds_count 2

                """)
    }

    @Test("a label value can not end its quotes or its line")
    func labels() {
        var text = MetricsText()
        text.family("a", .gauge, "As.")
        text.sample(["x": "q\"b\\n\nz\r\né"], 1)
        #expect(text.text.hasSuffix("a{x=\"q\\\"b\\\\n\\nz\r\\né\"} 1\n"), "\(text.text)")
    }

    @Test("a duration that no counter can hold does not trap")
    func overflow() {
        let histogram = Histogram(bounds: [1])
        histogram.observe(.seconds(Int64.max))
        histogram.observe(.seconds(Int64.min))
        #expect(histogram.snapshot().cumulative == [1, 2])
    }
}
