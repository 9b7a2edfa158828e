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
