import JSON
package import Model

/// A fault to show on the next requests that it matches.
package struct Fault: Sendable, Hashable {
    /// What goes wrong.
    package enum Kind: Sendable, Hashable {
        /// The answer says that the operation succeeded, and nothing changes: `does_nothing`.
        case doesNothing
        /// The operation is applied, but the guest does not come up by it: `guest_stays_down`.
        case guestStaysDown
        /// The connection closes without an answer, and nothing changes: `drop_before_apply`.
        case dropBeforeApply
        /// The operation is applied, and the connection closes without an answer: `drop_after_apply`.
        case dropAfterApply
        /// That status from 400 to 599, and nothing changes: `status_429`, `status_503`.
        case status(Int)
        /// The operation is applied, and the answer is that status: `status_500_after_apply`.
        case statusAfterApply(Int)
        /// The operation is applied and answered, later by `delay_ms`: `delay_ms`.
        case delay
        /// The list says that there is no server: `empty_list`.
        case emptyList
        /// The list lacks its last server while `count` counts it: `incomplete_list`.
        case incompleteList
        /// The operation is applied, and the answer is 200 with a page that is not JSON: `malformed_body`.
        case malformedBody
    }

    /// The operation that it strikes; `nil` strikes any of the nine.
    package var operation: Operation?
    /// The server that it strikes; `nil` strikes any.
    package var server: ServerID?
    package var kind: Kind
    /// How many requests it strikes still; `nil` until it is cleared. Default 1.
    package var times: Int?
    /// How long the answer, or the close, is held back. Default zero.
    package var delay: Duration
    /// The `Retry-After` of a refusing status, in seconds. Default none.
    package var retryAfter: Int?
    /// Strikes a matching request with that chance, in thousandths from 1 to 1000. Default 1000.
    package var perMille: Int

    package init(
        _ kind: Kind, on operation: Operation? = nil, server: ServerID? = nil, times: Int? = 1, delay: Duration = .zero,
        retryAfter: Int? = nil, perMille: Int = 1_000
    ) {
        self.operation = operation
        self.server = server
        self.kind = kind
        self.times = times
        self.delay = delay
        self.retryAfter = retryAfter
        self.perMille = perMille
    }

    func matches(_ operation: Operation, _ server: ServerID?) -> Bool {
        (self.operation ?? operation) == operation && (self.server == nil || self.server == server)
    }
}

extension Fault.Kind {
    fileprivate static let plain: [(String, Fault.Kind)] = [
        ("does_nothing", .doesNothing), ("guest_stays_down", .guestStaysDown), ("drop_before_apply", .dropBeforeApply),
        ("drop_after_apply", .dropAfterApply), ("delay_ms", .delay), ("empty_list", .emptyList),
        ("incomplete_list", .incompleteList), ("malformed_body", .malformedBody),
    ]

    /// The kind of that name; `nil` for a name that there is not.
    init?(_ text: String) {
        if let plain = Self.plain.first(where: { $0.0.hasSameBytes(as: text) }) {
            self = plain.1
            return
        }
        let words = text.utf8.split(separator: UInt8(ascii: "_"), maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 2, words[0].hasSameBytes(as: "status"), words[1].utf8.count == 3,
            let status = Int(words[1]), (400...599).contains(status)
        else { return nil }
        if words.count == 2 {
            self = .status(status)
        } else if words[2].hasSameBytes(as: "after_apply") {
            self = .statusAfterApply(status)
        } else {
            return nil
        }
    }

    /// The name that the control API knows it by.
    var name: String {
        switch self {
        case .status(let status): "status_\(status)"
        case .statusAfterApply(let status): "status_\(status)_after_apply"
        default: Self.plain.first { $0.1 == self }?.0 ?? ""
        }
    }

    /// Whether the operation takes place.
    var applies: Bool {
        switch self {
        case .doesNothing, .dropBeforeApply, .status: false
        default: true
        }
    }

    /// Whether it only has a meaning on the list.
    var isForLists: Bool { self == .emptyList || self == .incompleteList }
}

extension Fault {
    /// Reads a fault as `POST /_sim/faults` takes it.
    init(_ value: JSONValue) throws(FormatError) {
        let fields = try Fields(
            value, known: ["operation", "kind", "times", "server_id", "delay_ms", "retry_after", "per_mille"])
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
        let delay = try fields.integer("delay_ms", in: 0...600_000)
        guard kind != .delay || delay != nil else { throw FormatError("delay_ms is missing") }
        // 0 stands for "until cleared", since a missing `times` is once.
        let times = try fields.integer("times", in: 0...1_000_000) ?? 1
        self.init(
            kind, on: operation, server: try fields.integer("server_id", in: 1...Int64.max).map(ServerID.init(rawValue:)),
            times: times == 0 ? nil : Int(times), delay: .milliseconds(delay ?? 0),
            retryAfter: try fields.integer("retry_after", in: 0...86_400).map(Int.init),
            perMille: Int(try fields.integer("per_mille", in: 1...1_000) ?? 1_000))
    }

    var json: JSONValue {
        [
            "operation": .string(operation?.rawValue ?? "any"), "kind": .string(kind.name), "times": .int(Int64(times ?? 0)),
            "server_id": server.map { .int($0.rawValue) } ?? .null,
            "delay_ms": .int(delay.wholeMicroseconds / 1_000), "retry_after": retryAfter.map { .int(Int64($0)) } ?? .null,
            "per_mille": .int(Int64(perMille)),
        ]
    }
}
