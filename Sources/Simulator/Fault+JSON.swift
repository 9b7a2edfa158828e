import JSON
import Model

/// A fault as `/_sim/faults` takes and shows it.
extension Fault {
    private static let known = [
        "operation", "kind", "times", "server_id", "delay_ms", "delay_max_ms", "age_ms", "retry_after", "retry_after_date",
        "per_mille",
    ]
    private static let longestDelay: Int64 = 600_000

    /// Reads a fault as `POST /_sim/faults` takes it.
    init(_ value: JSONValue) throws(FormatError) {
        let fields = try Fields(value, known: Self.known)
        let name = try Fields.require(try fields.text("kind"), "kind")
        guard let kind = Kind(name) else {
            throw FormatError(
                "unknown kind; known are \(Kind.plain.map(\.0).joined(separator: ", ")), status_NNN and status_NNN_after_apply")
        }
        let operationName = try Fields.require(try fields.text("operation"), "operation")
        let operation = Operation(rawValue: operationName)
        guard operation != nil || operationName.hasSameBytes(as: "any") else {
            throw FormatError(
                "unknown operation; known are any, \(Operation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard !kind.isForLists || operation == .list else { throw FormatError("\(kind.name) goes with operation list") }
        let delay = try fields.integer("delay_ms", in: 0...Self.longestDelay)
        let delayMax = try fields.integer("delay_max_ms", in: (delay ?? 0)...Self.longestDelay)
        guard kind != .delay || delay != nil || delayMax != nil else { throw FormatError("delay_ms or delay_max_ms is missing") }
        let age = try fields.integer("age_ms", in: 1...86_400_000)
        guard (kind == .staleList) == (age != nil) else { throw FormatError("age_ms goes with stale_list, which needs it") }
        // 0 stands for "until cleared", since a missing `times` is once.
        let times = try fields.integer("times", in: 0...1_000_000) ?? 1
        self.init(
            kind, on: operation, server: try fields.integer("server_id", in: 1...Int64.max).map(ServerID.init(rawValue:)),
            times: times == 0 ? nil : Int(times), delay: .milliseconds(delay ?? 0), delayMax: delayMax.map { .milliseconds($0) },
            age: .milliseconds(age ?? 0), retryAfter: try RetryAfterField(fields),
            perMille: Int(try fields.integer("per_mille", in: 1...1_000) ?? 1_000))
    }

    var json: JSONValue {
        var object: JSONObject = [
            "operation": .string(operation?.rawValue ?? "any"), "kind": .string(kind.name), "times": .int(Int64(times ?? 0)),
            "server_id": server.map { .int($0.rawValue) } ?? .null,
            "delay_ms": .int(delay.wholeMicroseconds / 1_000),
            "delay_max_ms": delayMax.map { .int($0.wholeMicroseconds / 1_000) } ?? .null,
            "age_ms": age > .zero ? .int(age.wholeMicroseconds / 1_000) : .null, "per_mille": .int(Int64(perMille)),
        ]
        if let member = retryAfter?.member { object.members.append(member) }
        return .object(object)
    }
}
