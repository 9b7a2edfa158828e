import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// Fleets of many servers, and what is said about them.
extension EngineFixture {
    static func fleet(of count: Int) -> [Server] {
        (1...max(1, count)).map { number in
            Server(
                id: ServerID(rawValue: Int64(number)), name: "web-\(number)", status: .active,
                updatedAt: Timestamp(seconds: 1_795_000_000))
        }
    }

    /// A rule for another problem of the same servers, which reboots them too.
    static let diskFull = """

          - name: disk-full
            trigger: alertmanager
            when: event.labels.alertname == "DiskFull"
            target: event.labels.server
            autonomy: auto
            actions: [server.reboot]
        """

    /// The rule `disk-full` reboots a server, which helps; takes 160 seconds.
    func rebootByDiskFull(_ server: String) async throws {
        try await alert("firing", server: server, alertname: "DiskFull", startedAgo: .zero)
        try await advance(by: .seconds(20))
        try await alert("resolved", server: server, alertname: "DiskFull")
        try await advance(by: .seconds(140))
        let run = try await store.runs(limit: 100).first { $0.rule == "disk-full" }
        #expect(run?.state == .succeeded, "\(run?.detail ?? "")")
    }

    /// A fleet of that many servers whose operators are told in the channel `ops`.
    static func watched(_ count: Int, rules: String = hostDown, limits: Limits = Limits()) throws -> EngineFixture {
        let fixture = try EngineFixture(rules: rules, servers: fleet(of: count), limits: limits)
        fixture.restart { $0.noticeChannels = ["ops"] }
        return fixture
    }

    /// Each of those servers is spoken of once, at this instant; nothing of it is worked on yet.
    func say(_ status: String, _ servers: some Sequence<Int>, startedAgo: Duration? = nil) async throws {
        for number in servers { try await deliver(status, server: "web-\(number)", startedAgo: startedAgo) }
    }

    /// Time passes, minute by minute: what is down is repeated every five minutes, and what was rebooted is healthy two minutes later,
    /// or stays down unless it `heals`.
    ///
    /// - Returns: the servers that were rebooted, in this order, with the instant.
    func live(_ span: Duration, down: inout Set<Int>, heals: Bool = true) async throws {
        let end = clock.now() + span
        while clock.now() < end {
            try await advance(by: .seconds(60))
            let minute = clock.now().since(began).wholeMicroseconds / 60_000_000
            for number in down.sorted() {
                if heals, let at = rebootedAt(number), clock.now().since(at) >= .seconds(120) {
                    try await say("resolved", [number])
                    down.remove(number)
                } else if minute % 5 == 0 {
                    try await say("firing", [number], startedAgo: clock.now().since(began))
                }
            }
            try await settle()
        }
    }

    private func rebootedAt(_ number: Int) -> Timestamp? {
        api.ledger.contains("reboot \(number)") ? api.updatedAt(ServerID(rawValue: Int64(number))) : nil
    }

    /// The changing requests that were sent, as the servers' numbers.
    var rebooted: [Int] { api.ledger.compactMap { Int($0.dropFirst("reboot ".utf8.count)) } }

    func messages(with words: String) async throws -> [String] {
        try await store.claimMessages(now: clock.now(), hiddenUntil: clock.now(), limit: 10_000).map(\.text).filter {
            $0.contains(words)
        }
    }

    /// How many unfinished runs there are for each reason.
    func waiting() async throws -> [Reason: Int] {
        let runs = try await store.runs(limit: 10_000).filter { !$0.state.isFinal }
        return Dictionary(grouping: runs.compactMap(\.reason)) { $0 }.mapValues(\.count)
    }

    func state(_ kind: FleetState.Kind) async throws -> FleetState? {
        try await store.fleetCondition().states.first { $0.kind == kind }
    }
}
