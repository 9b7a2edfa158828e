import ArgumentParser
import CurlTransport
import Inbound
import JSON
import Model
import Store
import VPSAPI

/// Shows servers and says whose they are.
struct Servers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show servers, and say which ones the bridge may treat as its own.",
        subcommands: [List.self, Adopt.self, Disown.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "The servers of the account.")

        @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
        var config: String?

        @Flag(help: "Only those that the bridge created or was given, from its database; VPS.org is not asked.")
        var created = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: !created)
            guard created else { return try await listAll(configuration) }
            let owned = try await StoreReading.open(configuration).createdServers()
            if json {
                Output.line(JSONValue.array(owned.map(\.json)).description)
                return
            }
            for server in owned {
                Output.line(
                    "\(server.id)\t\(server.name)\t\(server.createdAt.rfc3339)\t"
                        + (server.adoptedBy.map { "given by \($0)" } ?? "run \(server.run?.description ?? "-")"))
            }
        }

        private func listAll(_ configuration: BridgeConfiguration) async throws {
            let transports: Transports
            do throws(CurlStartError) {
                transports = try await Transports.start(configuration)
            } catch {
                Output.note("vpsbridge: \(error)")
                throw ExitCode.unavailable
            }
            let result = await servers(configuration, transports)
            await transports.shutdown()
            let list: ServerList
            switch result {
            case .success(let found): list = found
            case .failure(let error):
                Output.note("vpsbridge: VPS.org: \(error)")
                throw ExitCode.unavailable
            }
            if json {
                Output.line(JSONValue.array(list.servers.map(\.raw)).description)
            } else {
                for server in list.servers {
                    let line = [
                        server.id.description, server.name, server.status.rawValue, server.ipAddress ?? "-",
                        server.location ?? "-",
                    ]
                    Output.line(line.joined(separator: "\t").printable)
                }
            }
            if !list.isComplete {
                Output.note("vpsbridge: the list is not complete")
                throw ExitCode.failed
            }
        }

        private func servers(
            _ configuration: BridgeConfiguration, _ transports: Transports
        ) async -> Result<ServerList, APIError> {
            do throws(APIError) {
                let api: VPSAPIClient
                do {
                    api = try VPSAPIClient(
                        baseURL: configuration.api.baseURL, token: configuration.api.token ?? Secret("none-configured"),
                        transport: transports.transport(for: .api))
                } catch {
                    throw APIError(code: .notSent, certainty: .notExecuted, detail: "\(error)")
                }
                return .success(try await api.list(status: nil, location: nil))
            } catch {
                return .failure(error)
            }
        }
    }

    struct Adopt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a server to the bridge: rules may delete it as one that the bridge created.",
            discussion: "Exactly one server has to have the name. The word is in the audit.")
        @OptionGroup var word: OwnershipWord

        func run() async throws { try await word.send(.adopt) }
    }

    struct Disown: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a server from the bridge: rules may delete it only with an approval.",
            discussion: "The server stays as it is. The word is in the audit.")
        @OptionGroup var word: OwnershipWord

        func run() async throws { try await word.send(.disown) }
    }
}

/// What a person says of a server by the command line.
struct OwnershipWord: ParsableArguments {
    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "The server's name.")
    var name: String

    /// Hands it to the running bridge, which asks VPS.org itself.
    func send(_ verb: OwnershipVerb) async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let answer = try await ControlClient.ask(
            verb.rawValue, ["name": .string(name)], socket: configuration.adminSocketPath)
        try ControlClient.tell(answer, json: json)
    }
}

extension CreatedServer {
    var json: JSONValue {
        [
            "id": .int(id.rawValue), "name": .string(name), "group": .string(lane.rawValue),
            "run": run.map { .int($0.rawValue) } ?? .null, "created_at": .string(createdAt.rfc3339),
            "adopted_by": .optional(adoptedBy),
        ]
    }
}
