import FoundationEssentials
import JSON
import Model
import Testing

@testable import Simulator

/// The example answers of the API's reference, against the simulator's.
@Suite("Simulator: the reference's examples")
struct SimulatorDocumentTests {
    @Test("the list is the example answer")
    func list() throws {
        var sim = SimulatorHarness()
        let answer = sim.send("GET", "/api/v1/servers/")
        #expect(answer.status == 200)
        #expect(try answer.json == parsed(Examples.list))
    }

    @Test("create is the example answer, at the example's time")
    func create() throws {
        var sim = SimulatorHarness()
        let answer = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        #expect(answer.status == 201)
        #expect(try answer.json == parsed(Examples.create))
    }

    @Test("get is the example answer")
    func get() throws {
        var sim = SimulatorHarness()
        let answer = sim.send("GET", "/api/v1/servers/12345/")
        #expect(answer.status == 200)
        #expect(try answer.json == parsed(Examples.get))
    }

    @Test(
        "start, stop and reboot are the example answers",
        arguments: [("start", "starting"), ("stop", "stopping"), ("reboot", "rebooting")])
    func command(_ command: String, _ status: String) throws {
        var sim = SimulatorHarness()
        if command == "start" { sim.state.setStatus(ServerID(rawValue: 12_345), to: .stopped, now: sim.now) }
        let answer = sim.command(command)
        #expect(answer.status == 200)
        #expect(try answer.json == parsed(Examples.command(status)))
    }

    @Test("replace changes all three fields and answers the server")
    func replace() {
        var sim = SimulatorHarness()
        let answer = sim.send(
            "PUT", "/api/v1/servers/12345/",
            ["name": "web-server-updated", "hostname": "web-updated.example.com", "backups_enabled": false])
        #expect(answer.status == 200)
        #expect(answer.json?["name"] == "web-server-updated")
        #expect(answer.json?["hostname"] == "web-updated.example.com")
        #expect(answer.json?["backups_enabled"] == false)
        #expect(answer.json == sim.server())
    }

    @Test("update changes the given field alone")
    func update() {
        var sim = SimulatorHarness()
        let answer = sim.send("PATCH", "/api/v1/servers/12345/", ["name": "new-server-name"])
        #expect(answer.status == 200)
        #expect(answer.json?["name"] == "new-server-name")
        #expect(answer.json?["hostname"] == "web01.example.com")
        #expect(answer.json?["backups_enabled"] == true)
    }

    @Test("delete answers 204 without a body, and the server is gone")
    func delete() {
        var sim = SimulatorHarness()
        #expect(sim.send("DELETE", "/api/v1/servers/12345/") == SimulatedResponse(status: 204))
        #expect(sim.send("GET", "/api/v1/servers/12345/").status == 404)
        #expect(sim.send("DELETE", "/api/v1/servers/12345/").status == 404)
        #expect(sim.send("GET", "/api/v1/servers/").json?["count"] == 1)
    }

    @Test(
        "every example answer printed in the two documents is the simulator's",
        .enabled(if: !Seeds.documents.isEmpty, "../shared/seeds is not there"), arguments: Seeds.documents)
    func documents(_ name: String) throws {
        let examples = Seeds.examples(in: name)
        #expect(examples.count == 6)
        let requests: [(String, String, JSONValue?)] = [
            ("GET", "", nil), ("POST", "", SimulatorHarness.example), ("GET", "12345/", nil), ("POST", "12345/start/", nil),
            ("POST", "12345/stop/", nil), ("POST", "12345/reboot/", nil),
        ]
        for (example, request) in zip(examples, requests) {
            var sim = SimulatorHarness()
            if request.1.hasSuffix("start/") { sim.state.setStatus(ServerID(rawValue: 12_345), to: .stopped, now: sim.now) }
            let answer = sim.send(request.0, "/api/v1/servers/\(request.1)", request.2)
            #expect(try answer.json == parsed(example))
        }
    }

    private func parsed(_ text: String) throws -> JSONValue {
        try JSONValue.parse(Array(text.utf8))
    }
}

/// The two documents in the folder beside the package, where there is one.
private enum Seeds {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "../shared/seeds")

    static let documents = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    /// The JSON blocks that stand by themselves: from a line `{` to the line `}`.
    static func examples(in document: String) -> [String] {
        guard let data = try? Data(contentsOf: folder.appending(path: document)) else { return [] }
        var examples: [String] = []
        var block: [Substring]?
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "{" { block = [] }
            block?.append(line)
            if line == "}", let lines = block {
                examples.append(lines.joined(separator: "\n"))
                block = nil
            }
        }
        return examples
    }
}

/// The example answers as the reference prints them.
private enum Examples {
    static let list = """
        {
          "count": 2,
          "results": [
            {
              "id": 12345, "name": "web-server-01", "hostname": "web01.example.com", "status": "active",
              "ip_address": "203.0.113.10", "location": "us-west",
              "plan": {"id": 1, "name": "Standard VPS", "vcpus": 2, "memory": 4096, "storage": 80},
              "os": {"id": 5, "name": "Ubuntu 22.04 LTS"},
              "created_at": "2025-01-10T14:30:00Z", "updated_at": "2025-01-15T10:20:00Z"
            },
            {
              "id": 12346, "name": "db-server-01", "hostname": "db01.example.com", "status": "active",
              "ip_address": "203.0.113.11", "location": "us-east",
              "plan": {"id": 2, "name": "Performance VPS", "vcpus": 4, "memory": 8192, "storage": 160},
              "os": {"id": 3, "name": "Debian 12"},
              "created_at": "2025-01-12T09:15:00Z", "updated_at": "2025-01-16T08:45:00Z"
            }
          ]
        }
        """
    static let create = """
        {
          "id": 12347, "name": "web-server-02", "hostname": "web02.example.com", "status": "provisioning",
          "ip_address": null, "location": "us-west",
          "plan": {"id": 1, "name": "Standard VPS", "vcpus": 2, "memory": 4096, "storage": 80},
          "os": {"id": 5, "name": "Ubuntu 22.04 LTS"},
          "backups_enabled": true,
          "created_at": "2025-01-16T15:30:00Z", "updated_at": "2025-01-16T15:30:00Z",
          "message": "Server is being provisioned. This may take 2-5 minutes."
        }
        """
    static let get = """
        {
          "id": 12345, "name": "web-server-01", "hostname": "web01.example.com", "status": "active",
          "ip_address": "203.0.113.10", "ipv6_address": "2001:0db8::1", "location": "us-west",
          "plan": {"id": 1, "name": "Standard VPS", "vcpus": 2, "memory": 4096, "storage": 80, "bandwidth": 2048},
          "os": {"id": 5, "name": "Ubuntu 22.04 LTS"},
          "backups_enabled": true,
          "resource_usage": {"cpu_percent": 23.5, "memory_used": 2048, "disk_used": 35, "bandwidth_used": 450},
          "created_at": "2025-01-10T14:30:00Z", "updated_at": "2025-01-16T15:45:00Z"
        }
        """
    static func command(_ status: String) -> String {
        """
        {
          "status": "success", "message": "Server is \(status)",
          "server": {"id": 12345, "name": "web-server-01", "status": "\(status)"}
        }
        """
    }
}
