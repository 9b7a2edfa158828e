import ArgumentParser
import Engine
import Inbound
import JSON
import Model
import Store

/// Shows what waits for people, and takes their answers.
struct Approvals: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what waits for people, and answer it.",
        subcommands: [List.self, Show.self, Approve.self, Deny.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "What waits for an answer, newest first.")
        @OptionGroup var reading: StoreReading
        @Flag(help: "Those that were answered too.") var all = false

        func run() async throws {
            let approvals = try await reading.open().approvals(onlyOpen: !all, limit: reading.limit)
            if reading.json {
                Output.line(JSONValue.array(approvals.map(\.json)).description)
                return
            }
            for approval in approvals {
                Output.line(
                    [
                        approval.id.rawValue, approval.state.rawValue, "run \(approval.run)", approval.rule,
                        "until \(approval.expiresAt.rfc3339)", "\(approval.approvals)/\(approval.required)", approval.action,
                    ].map(\.printable).joined(separator: "\t"))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One question: what exactly is asked, who may answer, who did.")
        @OptionGroup var reading: StoreReading
        @Argument(help: "The six characters of the message.") var id: String

        func run() async throws {
            guard let wanted = ApprovalID(typed: id), let approval = try await reading.open().approval(wanted) else {
                Output.note("vpsbridge: there is no approval \(id.printable)")
                throw ExitCode.failed
            }
            if reading.json {
                Output.line(approval.json.description)
                return
            }
            let people = approval.approvers.isEmpty ? "nobody by chat" : approval.approvers.joined(separator: ", ")
            Output.line("approval \(approval.id) for run \(approval.run) of rule \(approval.rule): \(approval.ending)")
            Output.line("  what     \(approval.action)".printable)
            Output.line("  server   \(approval.serverName ?? "-") (\(approval.server?.description ?? "-"))".printable)
            Output.line("  asked    \(approval.createdAt.rfc3339) by \(approval.requestedBy ?? "an alert")")
            Output.line("  until    \(approval.expiresAt.rfc3339)")
            Output.line("  needs    \(approval.required) of \(people), or the command line")
            for vote in approval.votes {
                let said = vote.reason.map { ": \($0)" } ?? ""
                Output.line("  answer   \(vote.at.rfc3339) \(vote.verdict.rawValue) by \(vote.person)\(said)".printable)
            }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say yes.", discussion: "Everything is judged once more before anything is done.")
        @OptionGroup var answer: ApprovalAnswering

        func run() async throws { try await answer.send(.approve) }
    }

    struct Deny: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say no; the run ends and nothing is done.")
        @OptionGroup var answer: ApprovalAnswering

        func run() async throws { try await answer.send(.deny) }
    }
}

/// An answer that a person gives by the command line.
struct ApprovalAnswering: ParsableArguments {
    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Option(help: "Why; it goes into the audit.") var reason: String?
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The six characters of the message.") var id: String

    /// Hands the answer to the running bridge; where none runs, writes it itself, and the next bridge acts on it.
    func send(_ verdict: ApprovalVote.Verdict) async throws {
        guard let id = ApprovalID(typed: id) else {
            Output.note("vpsbridge: an approval has \(ApprovalID.length) letters and digits, as the message shows them")
            throw ExitCode.failed
        }
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let body = reason.map { JSONValue.object(["reason": .string($0)]) }
        let answer = try await ControlClient.ask(
            "approvals/\(id)/\(verdict.rawValue)", body, socket: configuration.adminSocketPath
        ) { reason in
            try await decideAlone(verdict, id, configuration, unreachable: reason)
        }
        try ControlClient.tell(answer, json: json)
    }

    private func decideAlone(
        _ verdict: ApprovalVote.Verdict, _ id: ApprovalID, _ configuration: BridgeConfiguration, unreachable: String
    ) async throws -> ControlAnswer {
        do throws(StoreError) {
            // Looks first, so that a mistyped data folder is not made into a database.
            _ = try await SQLiteQueries(path: configuration.databasePath).approval(id)
            let store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
            let desk = ApprovalDesk(store: store, queries: store)
            let result: Result<ApprovalDesk.Reply, StoreError>
            do throws(StoreError) {
                result = .success(
                    try await desk.answer(verdict, id, by: .commandLine, reason: reason, now: SystemClock().now()))
            } catch {
                result = .failure(error)
            }
            await store.close()
            return try result.get().control
        } catch {
            Output.note("vpsbridge: \(unreachable); and the database can not be used: \(error.message)")
            throw ExitCode.unavailable
        }
    }
}
