/// How much an upstream is asked for.
package struct GateLimits: Sendable, Hashable {
    /// Requests per second. Default 5.
    package var rate: Double
    /// Requests at once after a pause. Default 10.
    package var burst: Int
    /// Reads under way at once. Default 4.
    package var reads: Int
    /// Changes under way at once. Default 4.
    package var mutations: Int

    package init(rate: Double = 5, burst: Int = 10, reads: Int = 4, mutations: Int = 4) {
        self.rate = rate
        self.burst = burst
        self.reads = reads
        self.mutations = mutations
    }
}
