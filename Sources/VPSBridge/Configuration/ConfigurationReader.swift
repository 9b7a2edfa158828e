import CurlTransport
import Engine
import Model
import Rules

/// Reads the nodes of `vpsbridge.yaml`; every wrong value is reported with its place, and the others are read on.
struct ConfigurationReader {
    let collector: DiagnosticCollector
    /// The folder of the file: relative paths begin there.
    let folder: String
    let readSecret: (String) throws(UnreadableFile) -> Secret
    /// Why a file of trusted certificates can not be used, naming it; `nil` when it can.
    let caFault: (String) -> String?

    private static let keys = [
        "version", "live", "listen", "admin", "data", "rules", "api", "outbound", "sources", "people", "limits", "prices",
        "protected", "aliases", "channels", "secrets", "notify", "notify_digest", "heartbeat", "reload", "retention",
        "shutdown_grace", "maintenance",
    ]

    mutating func read(_ root: YAMLNode?) -> BridgeConfiguration {
        var configuration = BridgeConfiguration()
        guard let root, let mapping = YAMLMapping(root, keys: Self.keys, of: "the configuration", collector) else {
            return configuration
        }
        if let node = mapping["version"] { _ = node.int("`version`", in: 1...1, collector) }
        if let live = mapping["live"]?.bool("`live`", collector) { configuration.live = live }
        if let address = mapping["listen"].flatMap({ address($0, "`listen`") }) { configuration.listen = address }
        if let node = mapping["admin"] { readAdmin(node, into: &configuration) }
        if let path = mapping["data"]?.string("`data`", collector) { configuration.dataFolder = resolved(path) }
        if let path = mapping["rules"]?.string("`rules`", collector) {
            configuration.rulesFolder = resolved(path)
            configuration.namesRulesFolder = true
        }
        if let node = mapping["api"] { readAPI(node, into: &configuration) }
        if let node = mapping["outbound"] { readOutbound(node, into: &configuration) }
        if let node = mapping["limits"] { LimitsFloor.read(node, into: &configuration.limits, collector) }
        if let node = mapping["prices"] { Prices.read(node, into: &configuration.limits, collector) }
        if let names = mapping["protected"]?.identifiers("`protected`", collector) { configuration.protected = names }
        if let node = mapping["aliases"] { configuration.aliases = ServerAliases.read(node, collector) }
        if let node = mapping["maintenance"] {
            let sources: Set<String>? = if let named = mapping["sources"] { Self.names(named) } else { [] }
            configuration.maintenance = MaintenanceWindow.read(
                node, zoneData: ZoneFiles.read, sources: sources, aliases: configuration.aliases, collector)
        }
        if let node = mapping["channels"] { readChannels(node, into: &configuration) }
        if let node = mapping["secrets"] { readSecrets(node, into: &configuration) }
        readNotify(mapping["notify"], into: &configuration)
        if let node = mapping["notify_digest"] { readDigest(node, into: &configuration) }
        if let node = mapping["heartbeat"] { readHeartbeat(node, into: &configuration) }
        if let node = mapping["reload"] { readReload(node, into: &configuration) }
        if let node = mapping["people"] { readPeople(node, into: &configuration) }
        if let node = mapping["retention"] { configuration.retention = RetentionKeys.read(node, collector) }
        if let node = mapping["sources"] { readSources(node, into: &configuration) }
        if let grace = mapping["shutdown_grace"]?.duration("`shutdown_grace`", collector) { configuration.shutdownGrace = grace }
        return configuration
    }

    /// The keys of a mapping, whatever stands under them; `nil` of anything else, which is reported elsewhere.
    private static func names(_ node: YAMLNode) -> Set<String>? {
        guard case .mapping(let entries) = node.content else { return nil }
        return Set(entries.map(\.name))
    }

    // MARK: Parts

    private func readAdmin(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard let mapping = YAMLMapping(node, keys: ["listen", "bearer_file"], of: "`admin`", collector) else { return }
        if let address = mapping["listen"].flatMap({ address($0, "`admin.listen`") }) { configuration.admin = address }
        if let tokens = mapping["bearer_file"].flatMap({ secrets($0, "`admin.bearer_file`") }) {
            configuration.adminTokens = tokens
        }
    }

    /// The channels of the bridge's own messages; with one channel and no word about it, that one.
    private func readNotify(_ node: YAMLNode?, into configuration: inout BridgeConfiguration) {
        guard let node else {
            if configuration.channels.count == 1 { configuration.notify = Array(configuration.channels.keys) }
            return
        }
        let names =
            node.scalar == nil
            ? node.identifiers("`notify`", max: 20, collector) : node.string("`notify`", collector).map { [$0] }
        guard let names else { return }
        for name in names where !configuration.channels.keys.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
            collector.report(
                node.diagnostic(
                    .unknownValue, "`notify` names the channel `\(name)`, which `channels` does not have",
                    hint: Suggestion.hint(for: name, among: configuration.channels.keys.sorted())))
        }
        configuration.notify = names
    }

    private func readReload(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard let mapping = YAMLMapping(node, keys: ["watch"], of: "`reload`", collector), let watch = mapping["watch"] else {
            return
        }
        if let scalar = watch.scalar, scalar.text.utf8.elementsEqual("never".utf8) {
            configuration.reloadInterval = nil
        } else if let span = watch.duration("`reload.watch`", collector) {
            if span < .seconds(1) {
                collector.report(
                    watch.diagnostic(
                        .outOfRange, "`reload.watch` is shorter than a second", hint: "write `never` to switch it off"))
            }
            configuration.reloadInterval = span
        }
    }

    // MARK: Values

    /// A secret in a file; the file's name is shown when it can not be read, its content never.
    func secret(_ node: YAMLNode, _ title: String) -> Secret? {
        guard let path = node.string(title, collector) else { return nil }
        do throws(UnreadableFile) {
            return try readSecret(resolved(path))
        } catch {
            collector.report(node.diagnostic(.unknownValue, "\(title): \(error)"))
            return nil
        }
    }

    private func address(_ node: YAMLNode, _ title: String) -> BridgeConfiguration.Address? {
        guard let text = node.string(title, collector) else { return nil }
        guard let address = AddressText.parse(text) else {
            collector.report(
                node.diagnostic(.unknownValue, "\(title) can not be `\(text)`", hint: "write HOST:PORT, such as `0.0.0.0:8080`"))
            return nil
        }
        return address
    }

    func resolved(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : folder + "/" + path
    }
}
