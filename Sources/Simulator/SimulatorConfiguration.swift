package import Model

/// How a simulator is set up: who may speak, where its state is kept, how fast its servers move, and how it answers where the
/// reference of the API is silent.
package struct SimulatorConfiguration: Sendable {
    /// The Bearer token that every request of the Servers API must carry.
    package var token: Secret
    /// A JSON file that keeps servers, faults and ledger over restarts; `nil` (the default) keeps them in memory.
    package var stateFile: String?
    /// How long the transitional states last.
    package var timings: SimulatorTimings
    /// What the reference leaves open.
    package var options: SimulatorOptions

    package init(
        token: Secret, stateFile: String? = nil, timings: SimulatorTimings = SimulatorTimings(),
        options: SimulatorOptions = SimulatorOptions()
    ) {
        self.token = token
        self.stateFile = stateFile
        self.timings = timings
        self.options = options
    }
}

/// How long a server stays in each transitional state.
package struct SimulatorTimings: Sendable, Hashable {
    /// `provisioning`. Default 150 seconds: the reference says "2-5 minutes".
    package var create: Duration
    /// `starting`. Default 8 seconds.
    package var start: Duration
    /// `stopping`. Default 8 seconds.
    package var stop: Duration
    /// `rebooting`. Default 8 seconds.
    package var reboot: Duration

    package init(
        create: Duration = .seconds(150), start: Duration = .seconds(8), stop: Duration = .seconds(8),
        reboot: Duration = .seconds(8)
    ) {
        self.create = create
        self.start = start
        self.stop = stop
        self.reboot = reboot
    }
}

/// How the simulator answers where the reference of the API says nothing; each choice is one that VPS.org may have made.
package struct SimulatorOptions: Sendable, Hashable {
    /// A reboot is over before anybody can see `rebooting`; only `updated_at` tells of it. Default `false`.
    package var shortRebooting: Bool
    /// Start, stop, reboot and the life cycle leave `updated_at` as it is; replace and update still move it. Default `false`.
    package var updatedAtFixed: Bool
    /// A second server of one name is refused with 400. Default `false`: the reference does not say that names are unique.
    package var uniqueNames: Bool
    /// Servers in one answer of the list, with `next` and `previous` as Django REST Framework writes them; `nil` (the default)
    /// puts all in one answer, with the two documented fields alone.
    package var pageSize: Int?
    /// How long a created server is missing from the list. Default zero.
    package var listLag: Duration
    /// How old what the list shows is, counted from when this was set. Default zero.
    package var listAge: Duration
    /// How many requests of the Servers API are served within `rateWindow`; those above it are answered 429 with `Retry-After`.
    /// `nil` (the default) serves all.
    package var rateLimit: Int?
    /// The window of the rate limit. Default 1 second.
    package var rateWindow: Duration
    /// What the account can spend, in hundredths of its currency. Default 1,000,000 (10,000.00).
    package var credit: Int64
    /// What creating a server costs, in hundredths, by plan id; other plans cost 1,500. Default 1,000 for plan 1, 2,000 for
    /// plan 2.
    package var prices: [Int64: Int64]
    /// Where the chance of faults, `per_mille` and `delay_max_ms`, starts from; the same seed gives the same history. Default 0.
    package var seed: UInt64

    package init(
        shortRebooting: Bool = false, updatedAtFixed: Bool = false, uniqueNames: Bool = false, pageSize: Int? = nil,
        listLag: Duration = .zero, listAge: Duration = .zero, rateLimit: Int? = nil, rateWindow: Duration = .seconds(1),
        credit: Int64 = 1_000_000, prices: [Int64: Int64] = [1: 1_000, 2: 2_000], seed: UInt64 = 0
    ) {
        self.shortRebooting = shortRebooting
        self.updatedAtFixed = updatedAtFixed
        self.uniqueNames = uniqueNames
        self.pageSize = pageSize
        self.listLag = listLag
        self.listAge = listAge
        self.rateLimit = rateLimit
        self.rateWindow = rateWindow
        self.credit = credit
        self.prices = prices
        self.seed = seed
    }
}
