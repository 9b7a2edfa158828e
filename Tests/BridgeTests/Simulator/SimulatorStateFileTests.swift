import FoundationEssentials
import JSON
import Model
import Testing

@testable import Simulator

/// A simulator that goes on after a restart.
@Suite("Simulator: state file")
struct SimulatorStateFileTests {
    @Test("servers, transitions, faults, credit and ledger survive a restart, time that passed meanwhile counts")
    func restart() throws {
        try withFile { path in
            let clock = SimulatorClock()
            let configuration = SimulatorConfiguration(token: Secret("t"), stateFile: path)
            let first = try Simulator(configuration: configuration, time: clock)
            #expect(
                first.handle(SimulatedRequest("POST", "/api/v1/servers/", token: "t", json: SimulatorHarness.example)).status
                    == 201)
            #expect(first.handle(SimulatedRequest("POST", "/api/v1/servers/12345/reboot/", token: "t")).status == 200)
            try first.update { state, _ in
                state.setGuest(ServerID(rawValue: 12_346), up: false)
                state.faults = [Fault(.dropAfterApply, on: .create, times: 2)]
            }
            try first.update { state, now in state.setStatus(ServerID(rawValue: 12_346), to: .active, now: now) }

            let second = try Simulator(configuration: configuration, time: clock)
            let before = try first.update { state, _ in state }
            let after = try second.update { state, _ in state }
            #expect(after.servers == before.servers)
            #expect(after.ledger == before.ledger)
            #expect(after.faults == before.faults)
            #expect(after.credit == before.credit)
            #expect(after.nextID == before.nextID)

            clock.advance(by: .seconds(200))
            let third = try Simulator(configuration: configuration, time: clock)
            #expect(try third.update { state, _ in state.servers.map(\.status) } == [.active, .active, .active])
        }
    }

    @Test("the file is written before the answer is given, and only when something changed")
    func everyChange() throws {
        try withFile { path in
            let simulator = try Simulator(
                configuration: SimulatorConfiguration(token: Secret("t"), stateFile: path), time: SimulatorClock())
            func content() throws -> JSONValue {
                let data = try Data(contentsOf: URL(filePath: path))
                return try SimulatorJSON.state(in: Array(data))
            }
            _ = simulator.handle(SimulatedRequest("POST", "/api/v1/servers/12345/stop/", token: "t"))
            #expect(try content()["servers"]?.arrayValue?.first?["status"] == "stopping")
            #expect(try content()["ledger"]?["applied"]?["stop"] == 1)
            try FileManager.default.removeItem(atPath: path)
            _ = simulator.handle(SimulatedRequest("GET", "/api/v1/servers/", token: "t"))
            #expect(!FileManager.default.fileExists(atPath: path))
            _ = simulator.handle(SimulatedRequest("POST", "/api/v1/servers/12345/stop/", token: "t"))
            #expect(try content()["ledger"]?["entries"]?.arrayValue?.count == 2)
        }
    }

    @Test("a file that can not be written makes the answer 503, and nothing has changed")
    func unwritable() throws {
        try withFile { path in
            let folder = URL(filePath: path).deletingLastPathComponent()
            let simulator = try Simulator(
                configuration: SimulatorConfiguration(token: Secret("t"), stateFile: path), time: SimulatorClock())
            try FileManager.default.removeItem(at: folder)
            #expect(simulator.handle(SimulatedRequest("POST", "/api/v1/servers/12345/stop/", token: "t")).status == 503)
            #expect(simulator.handle(SimulatedRequest("GET", "/api/v1/servers/12345/", token: "t")).json?["status"] == "active")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            #expect(simulator.handle(SimulatedRequest("POST", "/api/v1/servers/12345/stop/", token: "t")).status == 200)
        }
    }

    @Test("a folder that there is not stops the start")
    func noFolder() {
        #expect(throws: SimulatorError.stateFileUnwritable(path: "/nowhere/at/all.json")) {
            try Simulator(
                configuration: SimulatorConfiguration(token: Secret("t"), stateFile: "/nowhere/at/all.json"),
                time: SimulatorClock())
        }
    }

    /// What replaces a part of a valid file, so that it must be refused.
    static let damages: [(String, String)] = [
        ("{", "["), ("\"credit\"", "\"credits\""), ("\"next_id\": 12347", "\"next_id\": 12346"),
        ("\"next_id\": 12347", "\"next_id\": 9223372036854775807"), ("\"id\": 12346", "\"id\": 12345"),
        ("\"id\": 12346", "\"id\": 12347"),
        ("\"id\": 12345", "\"id\": -1"), ("\"2025-01-10T14:30:00Z\"", "\"yesterday\""), ("\"up\": true", "\"up\": 1"),
        ("\"name\": \"web-server-01\"", "\"name\": null"), ("\"next_status\": null", "\"next_status\": \"active\""),
        ("\"faults\": []", "\"faults\": [{\"kind\": \"x\"}]"), ("\"entries\": []", "\"entries\": [{\"operation\": \"x\"}]"),
        ("\"reboot\": 0", "\"reboot\": -1"),
    ]

    @Test("a damaged file is refused with a reason and left as it is", arguments: damages)
    func damaged(_ part: String, _ replacement: String) throws {
        try withFile { path in
            let configuration = SimulatorConfiguration(token: Secret("t"), stateFile: path)
            var damaged = String(
                decoding: SimulatorState(configuration: configuration).fileJSON.serialized(pretty: true), as: UTF8.self)
            damaged.replaceSubrange(try #require(damaged.firstRange(of: part)), with: replacement)
            try Data(damaged.utf8).write(to: URL(filePath: path))
            #expect {
                try Simulator(configuration: configuration, time: SimulatorClock())
            } throws: { error in
                guard case .stateFileUnreadable(path, let reason)? = error as? SimulatorError else { return false }
                return !reason.utf8.isEmpty
            }
            let content = try Data(contentsOf: URL(filePath: path))
            #expect(content == Data(damaged.utf8))
        }
    }

    /// Runs the body with the path of a file in a folder of its own, which is removed afterwards.
    private func withFile(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "simulator-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "state.json").path)
    }
}
