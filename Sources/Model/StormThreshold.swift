/// From when on so many servers have a problem at once that rules change nothing: something common is broken, or the monitoring is.
package struct StormThreshold: Sendable, Hashable {
    /// At least so many different servers. Default 2: one server is never a storm.
    package var servers: Int
    /// And at least that share of the fleet, in percent. Default 20.
    package var percent: Int
    /// How long it must have been quiet before a storm is over. Default 10 minutes.
    package var quiet: Duration

    package init(servers: Int = 2, percent: Int = 20, quiet: Duration = .seconds(600)) {
        self.servers = servers
        self.percent = percent
        self.quiet = quiet
    }

    /// Never a storm, for what has to be tried without it.
    package static let never = StormThreshold(servers: .max)

    /// The stricter of both in every respect.
    package func strictest(_ other: StormThreshold) -> StormThreshold {
        StormThreshold(
            servers: min(servers, other.servers), percent: min(percent, other.percent), quiet: max(quiet, other.quiet))
    }

    /// At how many servers with a problem a storm begins in a fleet of that size; `nil` where the size is not known.
    package func bound(of fleetSize: Int) -> Int? {
        guard fleetSize > 0 else { return nil }
        let (product, overflow) = fleetSize.multipliedReportingOverflow(by: percent)
        // Rounded up: the share is reached, not nearly.
        return max(servers, overflow ? fleetSize : (product - 1) / 100 + 1)
    }
}
