import NIOCore

/// Until when a connection may stay in the state that it is in: a function of what was read and written, and of the time handed in.
///
/// A body has one deadline from the end of its headers, which no trickle moves: a timer that every part resets can be kept from ever
/// firing (slow body attack).
struct ConnectionDeadlines {
    /// What a deadline that passed means.
    enum Expiry: Equatable {
        /// The next request did not begin, or its headers did not end, in time.
        case head
        /// The body did not end in time.
        case body
        /// The peer did not read the response in time.
        case write
        /// Time to be gone.
        case linger
    }

    private let limits: ListenerLimits
    private var wait: (deadline: NIODeadline, expiry: Expiry)?
    private var writeDeadline: NIODeadline?
    private var isHeadBegun = false

    init(limits: ListenerLimits) {
        self.limits = limits
    }

    /// The next instant at which ``expiry(at:)`` has something to say.
    var next: NIODeadline? {
        switch (wait?.deadline, writeDeadline) {
        case (let one?, let other?): min(one, other)
        case (let one, let other): one ?? other
        }
    }

    /// What is overdue, the response that nobody reads first.
    func expiry(at now: NIODeadline) -> Expiry? {
        if let writeDeadline, writeDeadline <= now { return .write }
        if let wait, wait.deadline <= now { return wait.expiry }
        return nil
    }

    /// The connection is there. Its first request has no time to be idle: who connects has something to say.
    mutating func opened(at now: NIODeadline) {
        isHeadBegun = true
        wait = (now + TimeAmount(limits.headerTimeout), .head)
    }

    /// Bytes came in that made up no head: the next request began.
    mutating func headBegan(at now: NIODeadline) {
        guard !isHeadBegun else { return }
        isHeadBegun = true
        wait = (now + TimeAmount(limits.headerTimeout), .head)
    }

    mutating func headEnded(at now: NIODeadline) {
        isHeadBegun = true
        wait = (now + TimeAmount(limits.bodyTimeout), .body)
    }

    /// The request is whole: how long its answer takes is not the peer's doing.
    mutating func requestEnded() {
        wait = nil
    }

    mutating func responseEnded(at now: NIODeadline) {
        isHeadBegun = false
        wait = (now + TimeAmount(limits.keepAliveTimeout), .head)
    }

    mutating func writabilityChanged(_ isWritable: Bool, at now: NIODeadline) {
        writeDeadline = isWritable ? nil : now + TimeAmount(limits.writeTimeout)
    }

    /// The last response was written.
    mutating func closing(at now: NIODeadline) {
        isHeadBegun = true
        wait = (now + TimeAmount(limits.lingerTimeout), .linger)
    }
}
