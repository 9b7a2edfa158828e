import ArgumentParser
import Store

/// The options of every command that only reads the database, whether the bridge runs or not.
struct StoreReading: ParsableArguments {
    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: "How many at most, the newest ones.")
    var limit = 50

    /// Opens the database for reading; says what is wrong and exits otherwise.
    func open() throws -> SQLiteQueries {
        try Self.open(try ConfigurationFile.loadOrExit(config, needsSecrets: false))
    }

    /// Opens the database of a configuration for reading; says what is wrong and exits otherwise.
    static func open(_ configuration: BridgeConfiguration) throws -> SQLiteQueries {
        do throws(StoreError) {
            return try SQLiteQueries(path: configuration.databasePath)
        } catch {
            Output.note("vpsbridge: \(configuration.databasePath): \(error.message)")
            throw ExitCode.unavailable
        }
    }
}
