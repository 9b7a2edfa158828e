import CurlTransport
import Engine
import Logging
import Model
import ServiceLifecycle
import Store

/// What the bridge shows of its own life: the beats of its loops, the heartbeat that goes out, and the daily digest.
struct SignsOfLife {
    /// Whoever proves that the store takes writes, every 10 seconds.
    let store = LoopPulse()
    let dispatcher = LoopPulse()
    let worker = LoopPulse()
    private let heartbeat = Heartbeat.Status()

    /// The services that the configuration asks for.
    func services(
        _ configuration: BridgeConfiguration, _ store: SQLiteStore, upstream: Upstream, _ transports: Transports,
        _ clock: any TimeSource, _ messageDoorbell: Doorbell, _ logger: Logger
    ) -> [any Service] {
        var services: [any Service] = []
        if let schedule = configuration.digest, !configuration.notify.isEmpty {
            services.append(
                Digester(
                    store: store, queries: store, schedule: schedule, channels: configuration.notify, clock: clock,
                    messageDoorbell: messageDoorbell, logger: logger))
        }
        if let wanted = configuration.heartbeat {
            services.append(
                Heartbeat(
                    url: wanted.url, every: wanted.every, vitals: vitals(upstream, store),
                    transport: transports.transport(for: .notification), status: heartbeat, logger: logger))
        }
        return services
    }

    /// A worker that has all its places taken is given the time of its longest requests.
    private func vitals(_ upstream: Upstream, _ database: SQLiteStore) -> Vitals {
        Vitals(
            loops: [
                Vitals.Loop("store", store, patience: .seconds(45)),
                Vitals.Loop("dispatcher", dispatcher, patience: .seconds(45)),
                Vitals.Loop("worker", worker, patience: .seconds(120)),
            ],
            isBlind: {
                let breakers = upstream.snapshot.breakers
                if breakers[.read] != .closed || breakers[.credentials] != .closed { return true }
                // Where it can not be read whether the bridge is blind, nobody should rely on its eyes.
                guard let condition = try? await database.fleetCondition() else { return true }
                return condition.states.contains { $0.kind == .blind }
            })
    }

    func renderMetrics(_ messages: MessageMetrics, _ watch: SourceWatch) -> String {
        var text = MetricsText()
        messages.render(into: &text)
        watch.render(into: &text)
        text.single(
            "vpsbridge_heartbeat_success", .gauge, "Whether the last heartbeat was sent and taken.",
            heartbeat.isSuccessful ? 1 : 0)
        return text.text
    }
}
