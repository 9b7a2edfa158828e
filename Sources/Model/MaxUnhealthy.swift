/// `max_unhealthy`: how many servers may have a problem before a rule does nothing.
package enum MaxUnhealthy: Sendable, Hashable {
    case count(Int)
    /// 1 to 100 percent of the fleet; rounded down, never below one server.
    case percent(Int)

    /// How many servers of a fleet of that size may have a problem; at least 1.
    package func most(of fleetSize: Int) -> Int {
        switch self {
        case .count(let number): return max(1, number)
        case .percent(let share):
            let (product, overflow) = fleetSize.multipliedReportingOverflow(by: share)
            return max(1, overflow ? fleetSize : product / 100)
        }
    }

    /// As it is written in a file.
    package var text: String {
        switch self {
        case .count(let number): String(number)
        case .percent(let number): "\(number)%"
        }
    }
}
