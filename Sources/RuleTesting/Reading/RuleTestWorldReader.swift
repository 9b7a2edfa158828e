import JSON
import Model
import Rules
import VPSAPI

/// Reads the world around the bridge: the fleet, and how it changes.
struct RuleTestWorldReader {
    let collector: DiagnosticCollector

    /// The fields that the Servers API documents.
    private static let fields = [
        "id", "name", "status", "hostname", "ip_address", "ipv6_address", "location", "plan", "os", "backups_enabled",
        "resource_usage", "created_at", "updated_at",
    ]
    private static let statuses = ["active", "stopped", "suspended", "provisioning", "starting", "stopping", "rebooting"]

    // MARK: The fleet

    /// Servers as the API describes them; `id` and `status` may be left out.
    func readServers(_ node: YAMLNode, start: Timestamp) -> [Server] {
        guard let items = node.list("`servers`", max: RuleTestLimits.servers, collector) else { return [] }
        var servers: [Server] = []
        for (index, item) in items.enumerated() {
            guard let server = readServer(item, index: index, start: start) else { continue }
            if servers.contains(where: { $0.id == server.id }) {
                collector.report(
                    item.diagnosticAtStart(.badName, "there is already a server \(server.id)", hint: "ids are unique"))
            } else {
                servers.append(server)
            }
        }
        return servers
    }

    private func readServer(_ node: YAMLNode, index: Int, start: Timestamp) -> Server? {
        guard let fields = YAMLMapping(node, keys: Self.fields, of: "a server", collector) else { return nil }
        guard fields.required("name")?.string("`name`", collector) != nil else { return nil }
        if let id = fields["id"], id.int("`id`", in: 1...Int.max, collector) == nil { return nil }
        if let status = fields["status"], readStatus(status) == nil { return nil }
        for key in ["created_at", "updated_at"] {
            guard let time = fields[key] else { continue }
            if Timestamp(rfc3339: time.string("`\(key)`", collector) ?? "2026-01-01T00:00:00Z") == nil {
                collector.report(
                    time.diagnostic(.unknownValue, "`\(key)` is not an instant", hint: "write \(key): 2026-01-10T14:30:00Z"))
                return nil
            }
        }
        guard case .object(var object) = node.json else { return nil }
        let long = start - .seconds(30 * 86_400)
        let defaults: [(String, JSONValue)] = [
            ("id", .int(Int64(10_001 + index))), ("status", "active"), ("created_at", .string(long.rfc3339)),
            ("updated_at", .string(long.rfc3339)),
        ]
        for (name, value) in defaults where object[name] == nil { object.members.append(.init(name: name, value: value)) }
        return Server(json: .object(object))
    }

    private func readStatus(_ node: YAMLNode) -> ServerStatus? {
        node.choice("`status`", among: Self.statuses, collector).map { ServerStatus(rawValue: $0) }
    }

    // MARK: Changes

    /// `server: {name: web-03, status: stopped}`, or `gone: true`.
    func readChange(_ node: YAMLNode, among servers: [Server]) -> [WorldChange] {
        guard let fields = YAMLMapping(node, keys: ["id", "name", "status", "gone"], of: "`server`", collector),
            let id = readReference(fields, among: servers)
        else { return [] }
        var changes: [WorldChange] = []
        if let status = fields["status"].flatMap({ readStatus($0) }) { changes.append(.status(id, status)) }
        if fields["gone"]?.bool("`gone`", collector) == true { changes.append(.gone(id)) }
        if fields["status"] == nil, fields["gone"] == nil {
            collector.report(
                node.diagnosticAtStart(.missingKey, "`server` changes nothing", hint: "give `status` or `gone: true`"))
        }
        return changes
    }

    private func readReference(_ fields: YAMLMapping, among servers: [Server]) -> ServerID? {
        guard let node = fields["id"] ?? fields["name"] else {
            collector.report(fields.node.diagnosticAtStart(.missingKey, "\(fields.owner) has neither `id` nor `name`"))
            return nil
        }
        return reference(node, among: servers)
    }

    /// The server that an id or a name of the test means.
    func reference(_ node: YAMLNode, among servers: [Server]) -> ServerID? {
        guard let text = node.identifier("a server's id or name", collector) else { return nil }
        if let server = servers.first(where: { ServerText.names($0, text) }) { return server.id }
        collector.report(
            node.diagnostic(
                .unknownValue, "the test has no server `\(text)`",
                hint: Suggestion.hint(for: text, among: servers.map(\.name)) ?? "its servers stand in `servers`"))
        return nil
    }

    /// `probe: {healthy: true}`, or with `server: web-03`.
    func readProbe(_ node: YAMLNode, among servers: [Server]) -> [WorldChange] {
        guard let fields = YAMLMapping(node, keys: ["healthy", "server"], of: "`probe`", collector),
            let isHealthy = fields.required("healthy")?.bool("`healthy`", collector)
        else { return [] }
        guard let server = fields["server"] else { return [.health(isHealthy, nil)] }
        return reference(server, among: servers).map { [.health(isHealthy, $0)] } ?? []
    }

    /// `api: {reboot: lost}`: what goes wrong with the next requests of an operation.
    func readFaults(_ node: YAMLNode) -> [WorldChange] {
        var changes: [WorldChange] = []
        for entry in node.entries("`api`", collector) {
            guard let operation = Operation(rawValue: entry.name) else {
                let names = Operation.allCases.map(\.rawValue)
                let hint = Suggestion.hint(for: entry.name, among: names) ?? "known: " + names.joined(separator: ", ")
                collector.report(entry.key.diagnostic(.unknownKey, "there is no operation `\(entry.name)`", hint: hint))
                continue
            }
            for word in entry.value.oneOrMany {
                let title = "a fault of `\(entry.name)`"
                guard let name = word.choice(title, among: ServerFault.allCases.map(\.rawValue), collector),
                    let fault = ServerFault(rawValue: name)
                else { continue }
                changes.append(.fault(operation, fault.fault))
            }
        }
        return changes
    }

    /// `http: {url: https://…, status: 503}`: what an address answers from now on.
    func readAnswer(_ node: YAMLNode) -> [WorldChange] {
        guard let fields = YAMLMapping(node, keys: ["url", "status", "body", "unreachable"], of: "`http`", collector),
            let url = fields.required("url")?.string("`url`", collector)
        else { return [] }
        if fields["unreachable"]?.bool("`unreachable`", collector) == true {
            return [.answer(FakeTransport.Script(prefix: url, outcome: .refusedConnection))]
        }
        let status = fields["status"].map { $0.int("`status`", in: 200...599, collector) ?? 200 } ?? 200
        let body = fields["body"].map { $0.scalar?.text ?? $0.json.description } ?? "{}"
        return [.answer(FakeTransport.Script(prefix: url, outcome: .status(status, body)))]
    }
}
