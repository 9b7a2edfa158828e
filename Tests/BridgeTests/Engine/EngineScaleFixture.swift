import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// Rules and servers for what scales a group.
enum EngineScale {
    static func server(_ id: Int64, _ name: String, createdAt: Int64 = 1_790_000_000) -> Server {
        Server(id: ServerID(rawValue: id), name: name, status: .active, createdAt: Timestamp(seconds: createdAt + id))
    }

    /// Two web servers with a free number between them, and one of another kind.
    static let fleet = [server(1, "web-1"), server(3, "web-3"), server(9, "db-1")]

    static let up = """
        version: 1
        rules:
          - name: scale-up
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            group_by: event.labels.server
            fleet: server.name.startsWith("web-")
            autonomy: auto
            actions:
              - id: scale
                action: fleet.scale
                with:
                  min: 1
                  max: 4
                  delta: 1
                  template: {name: "web-${{ slot }}", plan_id: 2, os_id: 5, location: us-west}
                wait_for: {status: active, timeout: 10m}
              - action: notify
                with: {channel: ops, text: "${{ steps.scale.before }} -> ${{ steps.scale.after }}"}
        """

    /// For alerts of the name `Idle`, on the same groups.
    static let down = """
        version: 1
        rules:
          - name: scale-down
            trigger: alertmanager
            when: event.labels.alertname == "Idle"
            group_by: event.labels.server
            fleet: {select: 'server.name.startsWith("web-")', delete: bridge-created}
            autonomy: auto
            actions:
              - id: scale
                action: fleet.scale
                with:
                  min: 1
                  max: 4
                  delta: -1
                  victim: newest
                  drain:
                    action: http.request
                    with: {method: PUT, url: "https://lb.example.com/drain/${{ victim.name }}"}
                    retry: {attempts: 3, initial_delay: 8s}
              - action: notify
                with: {channel: ops, text: "${{ steps.scale.before }} -> ${{ steps.scale.after }}"}
        """

    static var both: String { up + "\n" + down.split(separator: "\n").dropFirst(2).joined(separator: "\n") }

    static func delta(_ number: Int, in rules: String = up) -> String {
        rules.replacing("delta: \(rules.contains("delta: -1") ? -1 : 1)", with: "delta: \(number)")
    }
}

extension EngineFixture {
    /// Makes the bridge have created these servers, in its durable memory.
    func own(_ servers: [Server]) async throws {
        for server in servers { try await own(server) }
    }

    /// A run of an alert that its rule leaves alone carries the word into the store.
    private func own(_ server: Server) async throws {
        try await deliver("firing", server: "own-\(server.id)", alertname: "Idle")
        _ = try await dispatcher.dispatchOnce()
        let claimed = try #require(
            try await store.claimRuns(ClaimRequest(now: clock.now(), leaseUntil: clock.now() + .seconds(30), limit: 1)).first)
        var run = claimed.run
        run.state = .cancelled
        run.reason = .resolved
        let owned = CreatedServer(id: server.id, name: server.name, lane: .group("web"), run: run.id, createdAt: clock.now())
        _ = try await store.commit(
            RunTransition(now: clock.now(), run: run, ownership: .created(owned), releasesLease: true))
    }

    /// The group `web` stays idle: its alert is repeated.
    func keepIdle(for span: Duration) async throws {
        let end = clock.now() + span
        while clock.now() < end {
            try await advance(by: min(.seconds(30), end.since(clock.now())))
            try await alert("firing", server: "web", alertname: "Idle")
        }
    }
}
