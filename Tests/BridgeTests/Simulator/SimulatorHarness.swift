import JSON
import Model
import Synchronization

@testable import Simulator

/// A simulator's state with a clock that the test turns.
struct SimulatorHarness {
    static let token = "sim-token"
    var state: SimulatorState
    /// The time of the reference's create example.
    var now = Timestamp(seconds: 1_737_041_400)

    init(timings: SimulatorTimings = SimulatorTimings(), options: SimulatorOptions = SimulatorOptions()) {
        state = SimulatorState(
            configuration: SimulatorConfiguration(token: Secret(Self.token), timings: timings, options: options))
    }

    /// Sends a request with the right token.
    mutating func send(_ method: String, _ target: String, _ json: JSONValue? = nil) -> SimulatedResponse {
        state.handle(SimulatedRequest(method, target, token: Self.token, json: json), now: now)
    }

    mutating func wait(_ span: Duration) {
        now = now + span
    }

    /// The detailed answer about a server.
    mutating func server(_ id: Int64 = 12_345) -> JSONValue {
        send("GET", "/api/v1/servers/\(id)/").json ?? .null
    }

    mutating func status(_ id: Int64 = 12_345) -> String? {
        server(id)["status"]?.stringValue
    }

    mutating func isUp(_ id: Int64 = 12_345) -> Bool? {
        state.advance(to: now)
        return state.server(ServerID(rawValue: id))?.isUp
    }

    mutating func command(_ name: String, _ id: Int64 = 12_345) -> SimulatedResponse {
        send("POST", "/api/v1/servers/\(id)/\(name)/")
    }

    /// The body of the reference's create example.
    static let example: JSONValue = [
        "name": "web-server-02", "plan_id": 1, "os_id": 5, "location": "us-west", "hostname": "web02.example.com",
        "backups_enabled": true,
    ]

    /// That body with one member replaced, added, or left out.
    static func example(with name: String, _ value: JSONValue?) -> JSONValue {
        var members = (example.objectValue?.members ?? []).filter { $0.name != name }
        if let value { members.append(.init(name: name, value: value)) }
        return .object(JSONObject(members))
    }
}

/// A clock that stands still until it is turned; shared by a simulator and its test.
final class SimulatorClock: TimeSource {
    private let instant: Mutex<Timestamp>

    init(_ instant: Timestamp = Timestamp(seconds: 1_737_041_400)) {
        self.instant = Mutex(instant)
    }

    func now() -> Timestamp {
        instant.withLock { $0 }
    }

    func advance(by span: Duration) {
        instant.withLock { $0 = $0 + span }
    }
}
