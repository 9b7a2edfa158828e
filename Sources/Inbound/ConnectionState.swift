import NIOCore

/// What one connection is doing and until when it may go on: a function of what was read and written, and of the time handed in.
///
/// A body has one deadline from the end of its headers, which no trickle moves: a timer that every part resets can be kept from ever
/// firing (slow body attack).
struct ConnectionState {
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

    let limits: ListenerLimits
    /// Requests whose head was read and whose response did not end.
    private(set) var openRequests = 0
    /// Whether a head was read whose end was not.
    private(set) var isReadingBody = false
    /// Whether the last response was sent: nothing more is read or answered.
    private(set) var isLingering = false
    private var wait: (deadline: NIODeadline, expiry: Expiry)?
    private var writeDeadline: NIODeadline?
    private var hasPartialHead = false

    init(limits: ListenerLimits) {
        self.limits = limits
    }

    /// The next instant at which ``expiry(at:)`` has something to say.
    var deadline: NIODeadline? {
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
        hasPartialHead = true
        wait = (now + TimeAmount(limits.headerTimeout), .head)
    }

    mutating func readHead(at now: NIODeadline) {
        openRequests += 1
        isReadingBody = true
        hasPartialHead = false
        // A pipelined request waits for the ones before it; its time begins when it is its turn.
        wait = openRequests == 1 ? (now + TimeAmount(limits.bodyTimeout), .body) : nil
    }

    mutating func readEnd() {
        isReadingBody = false
        if !isLingering { wait = nil }
    }

    /// Bytes came in that made up no head: the next request began.
    mutating func readPartialHead(at now: NIODeadline) {
        guard openRequests == 0, !isReadingBody, !isLingering, !hasPartialHead else { return }
        hasPartialHead = true
        wait = (now + TimeAmount(limits.headerTimeout), .head)
    }

    mutating func responseEnded(at now: NIODeadline) {
        openRequests = max(0, openRequests - 1)
        guard !isLingering else { return }
        if openRequests == 0, !isReadingBody {
            hasPartialHead = false
            wait = (now + TimeAmount(limits.keepAliveTimeout), .head)
        } else if openRequests == 1, isReadingBody {
            wait = (now + TimeAmount(limits.bodyTimeout), .body)
        }
    }

    mutating func writabilityChanged(_ isWritable: Bool, at now: NIODeadline) {
        writeDeadline = isWritable ? nil : now + TimeAmount(limits.writeTimeout)
    }

    /// The body's time is over and its reader was told; what it answers has to come now.
    mutating func bodyExpired(at now: NIODeadline) {
        wait = (now + TimeAmount(limits.lingerTimeout), .linger)
    }

    mutating func linger(from now: NIODeadline) {
        isLingering = true
        wait = (now + TimeAmount(limits.lingerTimeout), .linger)
    }
}
