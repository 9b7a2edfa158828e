import Engine
import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

/// One rule whose only action is an operation of the Servers API.
enum EngineOperation: String, CaseIterable, Sendable {
    case create, replace, update, delete

    /// The server that replace, update and delete are about.
    static let server = EngineScale.server(5, "web-5")

    var operation: Operation { Operation(rawValue: rawValue) ?? .get }

    /// The ledger's line of one execution.
    var line: String { self == .create ? "create new-1" : "\(rawValue) 5" }

    var rules: String {
        let with =
            switch self {
            case .create: "with: {name: \"new-${{ slot }}\", plan_id: 2, os_id: 5, location: us-west}"
            case .replace: "with: {name: web-5, hostname: new.example.com, backups_enabled: true}"
            case .update: "with: {hostname: new.example.com}"
            case .delete: "if: \"true\""
            }
        let keys =
            switch self {
            case .create: "group_by: event.labels.alertname"
            case .replace, .update: "target: event.labels.server"
            case .delete: "target: event.labels.server\n    fleet: {select: \"true\", delete: bridge-created}"
            }
        let output = self == .create ? "${{ steps.it.server.name }}" : "${{ steps.it.server.id }}"
        return """
            version: 1
            rules:
              - name: op
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                \(keys)
                autonomy: auto
                actions:
                  - id: it
                    action: server.\(rawValue)
                    \(with)
                  - {action: notify, with: {channel: ops, text: "done \(output)"}}
            """
    }

    func fixture(
        rules change: (String) -> String = { $0 }, live: Bool = true, owned: Bool = true, protected: [String] = []
    ) async throws -> EngineFixture {
        let fixture = try EngineFixture(
            rules: change(rules), servers: [Self.server, EngineScale.server(9, "db-9")], live: live, protected: protected)
        if self == .delete, owned { try await fixture.adopt("web-5") }
        return fixture
    }
}

extension EngineFixture {
    /// A person gives a server to the bridge.
    @discardableResult func adopt(_ name: String) async throws -> OwnershipDesk.Reply {
        let desk = OwnershipDesk(store: store, queries: store, api: api)
        return await desk.adopt(name, by: "operator", now: clock.now())
    }

    /// The bridge dies when the first request of a due run is to leave, or right after it left; it comes back a second later.
    func dieAtRequest(wasSent: Bool) async throws {
        _ = try await dispatcher.dispatchOnce()
        let claimed = try #require(
            try await store.claimRuns(ClaimRequest(now: clock.now(), leaseUntil: clock.now() + .seconds(30), limit: 1)).first)
        var machine = machine(claimed)
        var input = RunInput.woken
        steps: for _ in 0..<20 {
            switch machine.next(input, now: clock.now()) {
            case .commit(let transition):
                guard case .committed(let intent) = try await store.commit(transition), !transition.releasesLease else {
                    Issue.record("the run did not come to its request: \(transition.run)")
                    return
                }
                input = .committed(intent: intent)
            case .readInventory:
                let list = try await api.list(status: nil, location: nil)
                input = .inventory(.success(InventorySnapshot(servers: list.servers, fetchedAt: clock.now())))
            case .readServer(let id): input = .server(.success(try await api.get(id)))
            case .readOwned: input = .owned(try await store.createdServers())
            case .send(let intent):
                if wasSent { try await perform(intent) }
                break steps
            case .request, .probe, .readStep, .pull:
                Issue.record("not expected here")
                return
            }
        }
        clock.advance(by: .seconds(1))
        #expect(try await store.rescue(now: clock.now(), everything: true) == 1)
        try await settle()
    }

    private func perform(_ intent: Intent) async throws {
        let body = intent.request?.body ?? .null
        switch intent.operation {
        case .create: _ = try await api.create(try CreateServer(json: body))
        case .replace: _ = try await api.replace(#require(intent.server), #require(UpdateServer(json: body)?.whole))
        case .update: _ = try await api.update(#require(intent.server), #require(UpdateServer(json: body)))
        case .delete: try await api.delete(#require(intent.server))
        default: Issue.record("\(intent.kind) is not expected here")
        }
    }
}
