import JSON
import Model

/// The list with its two filters, and its pages where the options ask for some.
extension SimulatorState {
    /// `age`, or the option where that is more, says how old what the list shows is.
    func list(_ call: Call, age: Duration = .zero) throws(Refusal) -> SimulatedResponse {
        let age = max(age, options.listAge)
        let servers = age > .zero ? self.servers(asOf: call.now - age) : servers
        let status = call.target["status"]
        let location = call.target["location"]
        let found = servers.filter { server in
            (status.map(server.status.rawValue.hasSameBytes) ?? true) && (location.map(server.location.hasSameBytes) ?? true)
                && (options.listLag == .zero || server.createdAt + options.listLag <= call.now)
        }
        guard let size = options.pageSize.map({ max(1, $0) }) else {
            return .json(200, ["count": .int(Int64(found.count)), "results": .array(found.map { $0.json(.listed) })])
        }
        let pages = max(1, (found.count + size - 1) / size)
        guard let page = Int(call.target["page"] ?? "1"), (1...pages).contains(page) else {
            throw .detail(404, "Invalid page.")
        }
        let results = found.dropFirst((page - 1) * size).prefix(size)
        return .json(
            200,
            [
                "count": .int(Int64(found.count)),
                "next": page < pages ? .string(link(to: page + 1, call)) : .null,
                "previous": page > 1 ? .string(link(to: page - 1, call)) : .null,
                "results": .array(results.map { $0.json(.listed) }),
            ])
    }

    /// The address of another page: absolute, as Django REST Framework writes it, when the request said which host it meant.
    private func link(to page: Int, _ call: Call) -> String {
        var link = "\(call.request.host.map { "http://\($0)" } ?? "")/api/v1/servers/?page=\(page)"
        for name in ["status", "location"] {
            if let value = call.target[name] { link += "&\(name)=\(RequestTarget.encoded(value))" }
        }
        return link
    }
}
