import JSON
import Model

/// The nine operations, as the reference of the API describes them.
extension SimulatorState {
    /// Carries the operation out at `call.now`.
    ///
    /// - Parameters:
    ///   - operation: The operation that method and path name.
    ///   - call: The request.
    ///   - raisesGuest: Whether a start or a reboot brings the guest up when it is finished.
    /// - Returns: The documented answer.
    /// - Throws: The answer that refuses the request; nothing has changed then.
    mutating func perform(_ operation: Operation, _ call: Call, raisesGuest: Bool) throws(Refusal) -> SimulatedResponse {
        if operation == .list { return try list(call) }
        if operation == .create { return try create(call) }
        guard let id = call.server, let index = index(of: id) else { throw .noSuchServer }
        switch operation {
        case .get: return .json(200, servers[index].json(.detailed))
        case .replace: return try change(index, call, all: true)
        case .update: return try change(index, call, all: false)
        case .delete:
            servers.remove(at: index)
            return SimulatedResponse(status: 204)
        default:
            return try command(operation, index, now: call.now, raisesGuest: raisesGuest)
        }
    }

    private mutating func create(_ call: Call) throws(Refusal) -> SimulatedResponse {
        var fields = try ServerFields(call.request)
        let name = fields.name(required: true)
        let planID = fields.identifier("plan_id", required: true)
        let osID = fields.identifier("os_id", required: true)
        let location = fields.location()
        let hostname = fields.hostname(required: false)
        _ = fields.identifier("ssh_key_id", required: false)
        let backupsEnabled = fields.flag("backups_enabled", required: false)
        if let name { refuseTaken(name, by: nil, &fields) }
        try fields.check()
        guard let name, let planID, let osID, let location else { throw .detail(400, "Invalid parameters.") }
        let price = options.prices[planID] ?? 1_500
        guard price <= credit else { throw .detail(402, "Insufficient credit.") }

        credit -= price
        let server = SimulatedServer(
            id: ServerID(rawValue: nextID), name: name, hostname: hostname, status: .provisioning, location: location,
            backupsEnabled: backupsEnabled ?? false, createdAt: call.now.wholeSeconds, updatedAt: call.now.wholeSeconds,
            isUp: false, planID: planID, osID: osID,
            transition: .init(status: .active, at: call.now + timings.create, guestUp: true))
        nextID += 1
        servers.append(server)
        return .json(201, server.json(.created))
    }

    private mutating func change(_ index: Int, _ call: Call, all: Bool) throws(Refusal) -> SimulatedResponse {
        var fields = try ServerFields(call.request)
        let name = fields.name(required: all)
        let hostname = fields.hostname(required: all)
        let backupsEnabled = fields.flag("backups_enabled", required: all)
        if let name { refuseTaken(name, by: servers[index].id, &fields) }
        try fields.check()
        if let name { servers[index].name = name }
        if let hostname { servers[index].hostname = hostname }
        if let backupsEnabled { servers[index].backupsEnabled = backupsEnabled }
        servers[index].touch(at: call.now)
        return .json(200, servers[index].json(.detailed))
    }

    private func refuseTaken(_ name: String, by id: ServerID?, _ fields: inout ServerFields) {
        guard options.uniqueNames, servers.contains(where: { $0.id != id && $0.name.hasSameBytes(as: name) }) else { return }
        fields.complain("name", "A server with this name already exists.")
    }

    /// Start, stop and reboot: the state changes at once to the transitional one, and time brings the rest.
    private mutating func command(
        _ operation: Operation, _ index: Int, now: Timestamp, raisesGuest: Bool
    ) throws(Refusal) -> SimulatedResponse {
        let needed: ServerStatus = operation == .start ? .stopped : .active
        guard servers[index].status == needed else {
            throw .detail(400, operation == .start ? "Server is already running." : "Server is not running.")
        }
        let guest: Bool? = raisesGuest ? true : nil
        switch operation {
        case .start:
            servers[index].status = .starting
            servers[index].transition = .init(status: .active, at: now + timings.start, guestUp: guest)
        case .stop:
            servers[index].status = .stopping
            servers[index].transition = .init(status: .stopped, at: now + timings.stop, guestUp: false)
        default:
            let span = options.shortRebooting ? .zero : timings.reboot
            servers[index].status = .rebooting
            servers[index].transition = .init(status: .active, at: now + span, guestUp: guest)
        }
        servers[index].isUp = false
        if !options.updatedAtFixed { servers[index].touch(at: now) }
        return .json(
            200,
            [
                "status": "success", "message": .string("Server is \(servers[index].status)"),
                "server": servers[index].commandJSON,
            ])
    }
}
