import ArgumentParser
import Engine
import JSON
import Model
import Store

/// Shows runs.
struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what rules and people set in motion.", subcommands: [List.self, Show.self, Resolve.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "The newest runs.")
        @OptionGroup var reading: StoreReading

        func run() async throws {
            let runs = try await reading.open().runs(limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(runs.map { $0.json(intents: nil) }).description)
                return
            }
            for run in runs {
                Output.line(
                    "\(run.id)\t\(run.state.rawValue)\t\(run.rule)\t\(run.serverName ?? "-")\t\(run.reason?.rawValue ?? "-")\t\(run.detail)"
                )
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One run: its requests and everything that was decided.")
        @OptionGroup var reading: StoreReading
        @Argument(help: "The run's id.") var id: Int64

        func run() async throws {
            let queries = try reading.open()
            guard let run = try await queries.run(RunID(rawValue: id)) else {
                Output.note("vpsbridge: there is no run \(id)")
                throw ExitCode.failed
            }
            let intents = try await queries.intents(of: run.id)
            let audit = try await queries.auditEntries(run: run.id, delivery: nil, limit: reading.limit)
            if reading.json {
                var value = run.json(intents: intents)
                if case .object(var object) = value {
                    object.members.append(.init(name: "audit", value: .array(audit.map(\.json))))
                    value = .object(object)
                }
                Output.line(value.description)
                return
            }
            Output.line("run \(run.id) of rule \(run.rule) (revision \(run.revision)): \(run.state.rawValue)")
            Output.line("  server   \(run.serverName ?? "-") (\(run.server?.description ?? "-"))")
            Output.line("  because  delivery \(run.event.delivery), event \(run.event.index)")
            Output.line("  reason   \(run.reason?.rawValue ?? "-"): \(run.detail)")
            for intent in intents {
                Output.line(
                    "  request  \(intent.createdAt.rfc3339) rung \(intent.rung + 1) \(intent.kind.rawValue): \(intent.outcome?.rawValue ?? "on its way")"
                )
            }
            for entry in audit { Output.line("  \(entry.line)") }
        }
    }
}

/// Shows dead letters.
struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Show what could not go on by itself.", subcommands: [List.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "The newest dead letters.")
        @OptionGroup var reading: StoreReading

        func run() async throws {
            let letters = try await reading.open().deadLetters(limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(letters.map(\.json)).description)
                return
            }
            for letter in letters {
                Output.line("\(letter.at.rfc3339)\t\(letter.reason.rawValue)\t\(letter.rule ?? "-")\t\(letter.detail)")
            }
        }
    }
}

/// Shows the audit.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show every decision, request and refusal.", subcommands: [List.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "The newest entries, oldest first.")
        @OptionGroup var reading: StoreReading
        @Option(help: "Only of this delivery.") var delivery: Int64?

        func run() async throws {
            let entries = try await reading.open().auditEntries(
                run: nil, delivery: delivery.map { DeliveryID(rawValue: $0) }, limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(entries.map(\.json)).description)
                return
            }
            for entry in entries { Output.line(entry.line) }
        }
    }
}

/// Shows how the bridge stands.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what is open, what runs, and what waits.")
    @OptionGroup var reading: StoreReading

    func run() async throws {
        let counts = try await reading.open().counts()
        let runs = RunState.allCases.compactMap { state in counts.runs[state].map { (state.rawValue, $0) } }
        if reading.json {
            let value: JSONValue = [
                "deliveries": .int(Int64(counts.deliveries)), "undispatched": .int(Int64(counts.undispatched)),
                "open_episodes": .int(Int64(counts.openEpisodes)), "dead_letters": .int(Int64(counts.deadLetters)),
                "waiting_messages": .int(Int64(counts.waitingMessages)),
                "runs": .object(JSONObject(runs.map { .init(name: $0.0, value: .int(Int64($0.1))) })),
            ]
            Output.line(value.description)
            return
        }
        Output.line("deliveries    \(counts.deliveries), \(counts.undispatched) not decided yet")
        Output.line("open problems \(counts.openEpisodes)")
        Output.line("runs          \(runs.map { "\($0.1) \($0.0)" }.joined(separator: ", "))")
        Output.line("dead letters  \(counts.deadLetters)")
        Output.line("messages      \(counts.waitingMessages) waiting")
    }
}
