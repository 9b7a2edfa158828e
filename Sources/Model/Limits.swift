/// How many of something may happen in a rolling span of time.
package struct Budget: Sendable, Hashable {
    /// At most this many; 0 forbids it.
    package var max: Int
    /// The rolling span.
    package var per: Duration

    package init(max: Int, per: Duration) {
        self.max = max
        self.per = per
    }
}

/// What bounds automatic actions, however convincing the one who asks.
///
/// The defaults are the floor that holds with an empty configuration; `limits` in `vpsbridge.yaml` moves the floor, `limits` of a rule may
/// only be stricter.
package struct Limits: Sendable, Hashable {
    /// The least time between two runs on one server, from the end of the first. Default 30 minutes.
    package var cooldown: Duration
    /// How many rungs may act on one server, over all rules and people. Default 3 in 24 hours.
    package var budgets: [Budget]
    /// How many rungs may act on the whole fleet. Default 10 in an hour.
    package var fleetBudgets: [Budget]
    /// How many servers may be worked on at once; `nil` means 1, and 2 from 20 servers. Default `nil`.
    package var maxConcurrent: Int?
    /// How old the last word of a problem may be when the bridge acts on it. Default 15 minutes.
    package var maxEventAge: Duration
    /// How long the bridge waits before a first action, so that a storm can be seen. Default 60 seconds.
    package var settle: Duration
    /// How many servers may be created and what they may cost. Default 10 in 24 hours. Of a rule: its own creates alone.
    package var creates: CreateCaps
    /// What plans cost, for the caps in money. Default none.
    package var prices: PriceList
    /// How many servers may have a problem when a rule acts, each of them a bound. Default none besides the storm guard.
    package var maxUnhealthy: [MaxUnhealthy]
    /// How often the problem of one server may begin before rules leave the server alone: held from `max` on. Default 6 in an hour.
    package var flaps: Budget
    /// How long rules leave a server alone after the bridge rebooted, started or created it. Default 10 minutes.
    package var bootGrace: Duration
    /// What counts as a storm; the fleet's, never a rule's.
    package var storm: StormThreshold

    package init(
        cooldown: Duration = .seconds(1_800), budgets: [Budget] = [Budget(max: 3, per: .seconds(86_400))],
        fleetBudgets: [Budget] = [Budget(max: 10, per: .seconds(3_600))], maxConcurrent: Int? = nil,
        maxEventAge: Duration = .seconds(900), settle: Duration = .seconds(60), creates: CreateCaps = CreateCaps(maxPerDay: 10),
        prices: PriceList = PriceList(), maxUnhealthy: [MaxUnhealthy] = [],
        flaps: Budget = Budget(max: 6, per: .seconds(3_600)), bootGrace: Duration = .seconds(600),
        storm: StormThreshold = StormThreshold()
    ) {
        self.cooldown = cooldown
        self.budgets = budgets
        self.fleetBudgets = fleetBudgets
        self.maxConcurrent = maxConcurrent
        self.maxEventAge = maxEventAge
        self.settle = settle
        self.creates = creates
        self.prices = prices
        self.maxUnhealthy = maxUnhealthy
        self.flaps = flaps
        self.bootGrace = bootGrace
        self.storm = storm
    }

    /// The stricter of both in every respect.
    package func strictest(_ other: Limits) -> Limits {
        Limits(
            cooldown: max(cooldown, other.cooldown), budgets: budgets + other.budgets.filter { !budgets.contains($0) },
            fleetBudgets: fleetBudgets + other.fleetBudgets.filter { !fleetBudgets.contains($0) },
            maxConcurrent: [maxConcurrent, other.maxConcurrent].compactMap(\.self).min(),
            maxEventAge: min(maxEventAge, other.maxEventAge), settle: max(settle, other.settle),
            creates: creates.strictest(other.creates), prices: prices,
            maxUnhealthy: maxUnhealthy + other.maxUnhealthy.filter { !maxUnhealthy.contains($0) },
            flaps: (flaps.max, other.flaps.per) <= (other.flaps.max, flaps.per) ? flaps : other.flaps,
            bootGrace: max(bootGrace, other.bootGrace), storm: storm.strictest(other.storm))
    }

    /// Limits that nothing is looser than; what is combined with them stays as it is.
    package static let none = Limits(
        cooldown: .zero, budgets: [], fleetBudgets: [], maxConcurrent: nil, maxEventAge: .seconds(3_155_760_000), settle: .zero,
        creates: CreateCaps(), flaps: Budget(max: .max, per: .seconds(1)), bootGrace: .zero, storm: .never)

    /// How many servers may be worked on at once in a fleet of that size.
    package func concurrency(fleetSize: Int) -> Int {
        maxConcurrent ?? (fleetSize >= 20 ? 2 : 1)
    }
}
