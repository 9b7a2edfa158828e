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
        /// The connection is reset (RST) without an answer, and nothing changes: `reset_before_apply`.
        case resetBeforeApply
        /// The operation is applied, and the connection is reset (RST) without an answer: `reset_after_apply`.
        case resetAfterApply
        /// The operation is applied, and the connection closes after half of the announced `Content-Length`: `truncated_body`.
        case truncatedBody
        /// The operation is applied, and the connection closes in the middle of a chunk of the answer: `truncated_chunk`.
        case truncatedChunk
        /// The operation is applied two times, as by a proxy that repeats it, and the first one's answer is given: `applied_twice`.
        case appliedTwice
        /// That status from 400 to 599, and nothing changes: `status_429`, `status_503`.
        case status(Int)
        /// The operation is applied, and the answer is that status: `status_500_after_apply`.
        case statusAfterApply(Int)
        /// The operation is applied and answered, later by `delay_ms`, or by up to `delay_max_ms`: `delay_ms`.
        case delay
        /// The list says that there is no server: `empty_list`.
        case emptyList
        /// The list lacks its last server while `count` counts it: `incomplete_list`.
        case incompleteList
        /// The list shows the servers as they were `age_ms` ago, but never from before the fault was asked for: `stale_list`.
        case staleList
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
    /// With it, each answer is held back for a span between `delay` and this one, which the simulator's seed decides. Default none.
    package var delayMax: Duration?
    /// How old what a stale list shows is. Default zero.
    package var age: Duration
    /// The `Retry-After` of a refusing status. Default none.
    package var retryAfter: RetryAfterField?
    /// Strikes a matching request with that chance, in thousandths from 1 to 1000. Default 1000.
    package var perMille: Int

    package init(
        _ kind: Kind, on operation: Operation? = nil, server: ServerID? = nil, times: Int? = 1, delay: Duration = .zero,
        delayMax: Duration? = nil, age: Duration = .zero, retryAfter: RetryAfterField? = nil, perMille: Int = 1_000
    ) {
        self.operation = operation
        self.server = server
        self.kind = kind
        self.times = times
        self.delay = delay
        self.delayMax = delayMax
        self.age = age
        self.retryAfter = retryAfter
        self.perMille = perMille
    }

    func matches(_ operation: Operation, _ server: ServerID?) -> Bool {
        (self.operation ?? operation) == operation && (self.server == nil || self.server == server)
    }
}

extension Fault.Kind {
    static let plain: [(String, Fault.Kind)] = [
        ("does_nothing", .doesNothing), ("guest_stays_down", .guestStaysDown), ("drop_before_apply", .dropBeforeApply),
        ("drop_after_apply", .dropAfterApply), ("reset_before_apply", .resetBeforeApply),
        ("reset_after_apply", .resetAfterApply), ("truncated_body", .truncatedBody), ("truncated_chunk", .truncatedChunk),
        ("applied_twice", .appliedTwice), ("delay_ms", .delay), ("empty_list", .emptyList),
        ("incomplete_list", .incompleteList), ("stale_list", .staleList), ("malformed_body", .malformedBody),
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
        case .doesNothing, .dropBeforeApply, .resetBeforeApply, .status: false
        default: true
        }
    }

    /// Whether it only has a meaning on the list.
    var isForLists: Bool { self == .emptyList || self == .incompleteList || self == .staleList }
}
