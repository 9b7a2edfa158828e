import CAllocations
import Testing

@testable import Rules

@Suite("rules: what matching allocates")
struct RulesAllocationTests {
    @Test(
        "a condition of six parts takes nothing from the heap, its costs counted; optimized, nor does reading the event",
        .enabled(if: callocations_are_counted(), "allocations are counted with glibc and without a sanitizer"))
    func sixParts() throws {
        let condition = """
            event.status == "firing" && event.labels.job in ["node", "blackbox"] && event.labels.instance.startsWith("web-") && \
            event.values.cpu >= 0.0 && event.values.load < 100.0 && event.values.restarts <= 9
            """
        let document = Array(
            """
            {"status":"firing","labels":{"job":"node","instance":"web-0001.fra.example.com:9100"},
            "values":{"cpu":17.5,"load":3.25,"restarts":2}}
            """.utf8)
        let matcher = RuleMatcher(try CompiledRules(texts: [[condition]], source: "alertmanager"))
        func matches() throws -> Int {
            try document.withUnsafeBytes { try matcher.match($0, source: "alertmanager").count }
        }
        for _ in 0..<3 { #expect(try matches() == 1) }
        var held = 0
        let first = callocations_count()
        for _ in 0..<100 { held += matcher.holds(0) == true ? 1 : 0 }
        let second = callocations_count()
        for _ in 0..<100 { held += try matches() }
        let third = callocations_count()
        #expect(held == 200)
        #expect(second - first == 0, "evaluating")
        #if !DEBUG
            // Without optimization the compiler boxes on this way what it need not.
            #expect(third - second == 0, "reading and matching")
        #else
            _ = third
        #endif
    }
}
