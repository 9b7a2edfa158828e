import ArgumentParser
import Engine
import JSON
import Model
import Store

/// Shows how the bridge stands.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what is stopped, what is open, what runs, and what waits.")
    @OptionGroup var reading: StoreReading

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(reading.config, needsSecrets: false)
        let queries = try StoreReading.open(configuration)
        let counts = try await queries.counts()
        let pauses = try await queries.pauses(at: SystemClock().now())
        let waiting = try await queries.pausedRuns(limit: 1_000)
        let fleet = try await queries.fleetCondition()
        let stop = StopSwitch(path: "\(configuration.dataFolder)/\(StopSwitch.fileName)")
        if reading.json {
            Output.line(json(counts, pauses, waiting, fleet, isStopped: stop.isStopped).description)
            return
        }
        if stop.isStopped { Output.line("STOPPED       everything, by the file \(stop.path.printable)") }
        for pause in pauses { Output.line("PAUSED        \(pause.words)".printable) }
        if !waiting.isEmpty { Output.line("waits for it  \(waiting.count) runs") }
        for run in waiting.prefix(max(0, reading.limit)) { Output.line("              \(run.line)".printable) }
        for state in fleet.states { Output.line(state.line) }
        let runs = Self.runs(counts)
        Output.line("deliveries    \(counts.deliveries), \(counts.undispatched) not decided yet")
        Output.line("open problems \(counts.openEpisodes)")
        Output.line("runs          \(runs.map { "\($0.1) \($0.0)" }.joined(separator: ", "))")
        Output.line("dead letters  \(counts.deadLetters)")
        Output.line("messages      \(counts.waitingMessages) waiting")
    }

    private static func runs(_ counts: StoreCounts) -> [(String, Int)] {
        RunState.allCases.compactMap { state in counts.runs[state].map { (state.rawValue, $0) } }
    }

    private func json(
        _ counts: StoreCounts, _ pauses: [Pause], _ waiting: [PausedRun], _ fleet: FleetCondition, isStopped: Bool
    ) -> JSONValue {
        [
            "stopped": .bool(isStopped), "paused": .array(pauses.map(\.json)), "fleet": .array(fleet.states.map(\.json)),
            "waiting_for_resume": .array(waiting.prefix(max(0, reading.limit)).map(\.json)),
            "waiting_for_resume_count": .int(Int64(waiting.count)),
            "deliveries": .int(Int64(counts.deliveries)), "undispatched": .int(Int64(counts.undispatched)),
            "open_episodes": .int(Int64(counts.openEpisodes)), "dead_letters": .int(Int64(counts.deadLetters)),
            "waiting_messages": .int(Int64(counts.waitingMessages)),
            "runs": .object(JSONObject(Self.runs(counts).map { .init(name: $0.0, value: .int(Int64($0.1))) })),
        ]
    }
}
