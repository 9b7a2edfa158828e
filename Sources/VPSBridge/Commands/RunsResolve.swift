import ArgumentParser
import Model
import Store

extension Runs {
    /// Says what a person found out about a parked run, which gives its server back to automation.
    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a parked run: say whether its request happened. Stop the bridge first.",
            discussion: "A parked run keeps its server to itself until somebody has looked. Nothing is sent to VPS.org.")

        enum Finding: String, ExpressibleByArgument, CaseIterable {
            case happened
            case not
        }

        @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
        var config: String?

        @Argument(help: "The run's id.") var id: Int64
        @Argument(help: "What you found: `happened` or `not`.") var finding: Finding

        func run() async throws {
            let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
            do throws(StoreError) {
                let store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
                let refusal = try await resolve(in: store, now: SystemClock().now())
                await store.close()
                if let refusal {
                    Output.note("vpsbridge: \(refusal)")
                    throw StoreError(.conflict, refusal)
                }
            } catch  where error.code == .conflict {
                throw ExitCode.failed
            } catch {
                Output.note("vpsbridge: \(error.message)")
                throw ExitCode.unavailable
            }
            Output.line("run \(id) is ended; its server can be worked on again")
        }

        /// - Returns: why it can not be done, or `nil` when it is.
        private func resolve(in store: SQLiteStore, now: Timestamp) async throws(StoreError) -> String? {
            guard var run = try await store.run(RunID(rawValue: id)) else { return "there is no run \(id)" }
            guard run.state == .parked else { return "run \(id) is \(run.state.rawValue), not parked" }
            run.state = finding == .happened ? .succeeded : .failed
            run.reason = finding == .happened ? .applied : .notSent
            run.detail = "a person says: \(finding == .happened ? "it happened" : "it did not happen")"
            run.finishedAt = now
            let open = try await store.intents(of: run.id).last { $0.outcome == nil }
            let closing = open.map { IntentChange.close($0.id, finding == .happened ? .applied : .notExecuted) }
            let audit = AuditEntry(
                at: now, kind: .command, reason: run.reason, run: run.id, rule: run.rule, server: run.server, actor: "operator",
                detail: run.detail)
            let result = try await store.commit(
                RunTransition(now: now, run: run, intent: closing, audit: [audit], releasesLease: true))
            if case .committed = result { return nil }
            return "run \(id) changed meanwhile; look at it again"
        }
    }
}
