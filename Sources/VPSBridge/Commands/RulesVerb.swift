import ArgumentParser
import Inbound
import JSON
import Model
import Rules
import Store

/// Shows the rules, and lets a demoted one act by itself again.
struct RulesVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Show the rules and who decides that they act; promote a demoted one.",
        subcommands: [List.self, Promote.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Each rule of the rule folder: its autonomy, whether it is demoted, what it does.")
        @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
        var config: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
            let (ruleSet, _) = try LoadedRules(configuration).loadOrExit()
            let rules = ListedRule.list(ruleSet, demoted: try await demotedRules(configuration))
            if json {
                Output.line(JSONValue.array(rules.map(\.json)).description)
            } else {
                for rule in rules { Output.line(rule.line) }
            }
        }

        /// None where no bridge has run yet.
        private func demotedRules(_ configuration: BridgeConfiguration) async throws -> [String: Timestamp] {
            guard FileKind.of(configuration.databasePath) != nil else { return [:] }
            do throws(StoreError) {
                return try await SQLiteQueries(path: configuration.databasePath).demotedRules()
            } catch {
                Output.note("vpsbridge: \(configuration.databasePath): \(error.message)")
                throw ExitCode.unavailable
            }
        }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a demoted rule act by itself again; 1 when it is not demoted.")
        @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
        var config: String?
        @Flag(help: "Print JSON.") var json = false
        @Argument(help: "The rule's name.") var name: String

        func run() async throws {
            let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
            let answer = try await ControlClient.ask(
                "rules-promote", ["rule": .string(name)], socket: configuration.adminSocketPath
            ) { reason in
                try await promoteAlone(configuration, unreachable: reason)
            }
            try ControlClient.tell(answer, json: json)
        }

        /// Where no bridge runs: written directly, and the next bridge keeps to it.
        private func promoteAlone(
            _ configuration: BridgeConfiguration, unreachable: String
        ) async throws -> ControlAnswer {
            do throws(StoreError) {
                // Looks first, so that a mistyped data folder is not made into a database.
                _ = try await SQLiteQueries(path: configuration.databasePath).demotedRules()
                let store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
                let result: Result<ControlAnswer, StoreError>
                do throws(StoreError) {
                    result = .success(try await RuleControl(store: store, clock: SystemClock()).promotion(of: name))
                } catch {
                    result = .failure(error)
                }
                await store.close()
                return try result.get()
            } catch {
                Output.note("vpsbridge: \(unreachable); and the database can not be used: \(error.message)")
                throw ExitCode.unavailable
            }
        }
    }
}

/// A rule as `rules ls` shows it.
struct ListedRule: Equatable {
    let name: String
    let isEnabled: Bool
    /// As the file says.
    let autonomy: String
    /// Since when it asks all the same; `nil` when it is not demoted.
    let demotedAt: Timestamp?
    let actions: [String]

    /// The rules in the order of their files.
    static func list(_ ruleSet: RuleSet, demoted: [String: Timestamp]) -> [ListedRule] {
        ruleSet.rules.map { rule in
            ListedRule(
                name: rule.name, isEnabled: rule.isEnabled, autonomy: rule.autonomy.rawValue, demotedAt: demoted[rule.name],
                actions: rule.actionNames)
        }
    }

    var line: String {
        let state = demotedAt.map { "demoted since \($0.rfc3339), asks before it acts" } ?? (isEnabled ? "-" : "not enabled")
        return [name, autonomy, state, actions.joined(separator: ", ")].map(\.printable).joined(separator: "\t")
    }

    var json: JSONValue {
        [
            "name": .string(name), "enabled": .bool(isEnabled), "autonomy": .string(autonomy),
            "demoted_at": .optional(demotedAt?.rfc3339), "actions": .array(actions.map { .string($0) }),
        ]
    }
}
