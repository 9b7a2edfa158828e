import Dispatch
import Model
import Synchronization

/// The one writer: callers hand in commands, which it writes in the order of their coming, many to a transaction.
///
/// A caller is answered only after the `COMMIT` that holds its command returned, which with `synchronous = FULL` is after
/// `fsync`. While one commit is on its way to the disk the next commands gather, so a slower disk makes larger transactions by
/// itself. After a large one the writer gives its callers, who were all answered at that instant, a moment to come back: without
/// it the first of them would get a commit of its own, and the others would wait for two.
final class GroupCommit: Sendable {
    /// Who asks.
    enum Origin: Sendable {
        /// A delivery with a body of so many bytes; deliveries have fewer places in the queue than the engine.
        case intake(bytes: Int)
        case engine

        fileprivate var bytes: Int {
            if case .intake(let bytes) = self { bytes } else { 0 }
        }
    }

    /// Whether a command may fail for reasons of its own, and then needs a savepoint to be undone alone.
    enum Isolation: Sendable {
        case savepoint
        /// Fails only when the database does. Should it fail otherwise, the whole batch is undone and each command is tried
        /// alone.
        case none
    }

    /// The most commands of one transaction: more gains little and makes the first of them wait.
    static let batchLimit = 512

    /// The most bytes of bodies in one transaction, give or take one body, so that large ones do not fill the memory with changed
    /// pages.
    private static let batchBytes = 8 << 20

    /// The longest pause between two commits.
    private static let longestPause = Duration.milliseconds(2)

    private struct Command: Sendable {
        let bytes: Int
        let isolation: Isolation
        /// Writes, and returns what tells the caller once the commit is through. Runs again when its batch had to be undone.
        let perform: @Sendable (Session) throws -> Reply
        let fail: @Sendable (StoreError) -> Void
    }

    private typealias Reply = @Sendable () -> Void

    private struct State {
        var waiting: [Command] = []
        var waitingBytes = 0
        var isDraining = false
        var isClosed = false
        /// For how many waiting commands the writer has paused.
        var awaited: Int?
        var statistics = WriterStatistics(commits: 0, commands: 0)

        /// Takes the commands of the next transaction from the queue.
        mutating func nextBatch() -> [Command] {
            var bytes = 0
            let batch = Array(
                waiting.prefix(GroupCommit.batchLimit).prefix { command in
                    defer { bytes += command.bytes }
                    return bytes <= GroupCommit.batchBytes
                })
            waiting.removeFirst(batch.count)
            waitingBytes -= batch.reduce(0) { $0 + $1.bytes }
            if batch.isEmpty { isDraining = false }
            return batch
        }
    }

    private let connection: Connection
    private let options: SQLiteStoreOptions
    private let state = Mutex(State())
    /// Wakes the writer from its pause.
    private let gathered = DispatchSemaphore(value: 0)

    init(connection: Connection, options: SQLiteStoreOptions) {
        self.connection = connection
        self.options = options
    }

    var statistics: WriterStatistics { state.withLock { $0.statistics } }
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Writes a command and returns after its commit; a cancelled task still waits for the outcome of what it handed in.
    func submit<Value: Sendable>(
        from origin: Origin = .engine, isolation: Isolation = .savepoint, _ body: @escaping @Sendable (Session) throws -> Value
    ) async throws(StoreError) -> Value {
        let outcome: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let command = Command(
                bytes: origin.bytes, isolation: isolation,
                perform: { session in
                    let value = try body(session)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) })
            if let refusal = enqueue(command, from: origin) { command.fail(refusal) }
        }
        return try outcome.get()
    }

    /// Refuses commands from now on; those that wait are still written.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    private func enqueue(_ command: Command, from origin: Origin) -> StoreError? {
        let (refusal, drainsHere) = state.withLock { state -> (StoreError?, Bool) in
            if state.isClosed { return (StoreError(.closed, "the store was closed"), false) }
            if isFull(state, for: origin) {
                return (StoreError(.full, "\(state.waiting.count) writers wait for the disk; try again shortly"), false)
            }
            state.waitingBytes += command.bytes
            state.waiting.append(command)
            if let awaited = state.awaited, state.waiting.count >= awaited {
                state.awaited = nil
                gathered.signal()
            }
            if state.isDraining { return (nil, false) }
            state.isDraining = true
            if connection.isInMemory { return (nil, true) }
            // Under the lock, so that the connection cannot be closed between the check above and this call.
            connection.async { self.drain($0) }
            return (nil, false)
        }
        // Done before `async` returns, and needs the lock.
        if drainsHere { connection.async { self.drain($0) } }
        return refusal
    }

    private func isFull(_ state: State, for origin: Origin) -> Bool {
        switch origin {
        case .intake(let bytes):
            state.waiting.count >= options.maxWaiting
                || (state.waitingBytes > 0 && bytes > options.maxWaitingBytes - state.waitingBytes)
        case .engine:
            state.waiting.count >= options.maxWaiting + SQLiteStoreOptions.engineReserve
        }
    }

    private func drain(_ session: Result<Session, any Error>) {
        while true {
            let batch = state.withLock { $0.nextBatch() }
            if batch.isEmpty { return }
            let began = ContinuousClock.now
            do {
                commit(batch, try session.get())
            } catch {
                for command in batch { command.fail(StoreError(error)) }
            }
            gather(upTo: batch.count, within: min((ContinuousClock.now - began) / 2, Self.longestPause))
        }
    }

    /// Pauses until so many commands wait, but never for longer than half of what the last commit took, which bounds what a pause
    /// for callers that do not come back costs.
    private func gather(upTo count: Int, within pause: Duration) {
        let awaited = min(count, options.maxWaiting)
        guard awaited > 1 else { return }
        let isWorthIt = state.withLock { state in
            guard state.waiting.count < awaited else { return false }
            state.awaited = awaited
            return true
        }
        guard isWorthIt else { return }
        let isGathered = gathered.wait(timeout: .now() + .microseconds(Int(pause.wholeMicroseconds))) == .success
        let isSignalled = state.withLock { state in
            defer { state.awaited = nil }
            return state.awaited == nil
        }
        // The signal came after the time was up: take it, or it would end the next pause.
        if isSignalled && !isGathered { gathered.wait() }
    }

    private func commit(_ batch: [Command], _ session: Session) {
        var replies: [Reply] = []
        replies.reserveCapacity(batch.count)
        do {
            try session.begin()
            for command in batch { replies.append(try perform(command, session)) }
            try session.commit()
        } catch {
            session.rollback()
            let failure = StoreError(error)
            if batch.count > 1 && failure.code != .unwritable {
                for command in batch { commit([command], session) }
            } else {
                for command in batch { command.fail(failure) }
            }
            return
        }
        state.withLock { state in
            state.statistics.commits += 1
            state.statistics.commands += batch.count
        }
        for reply in replies { reply() }
    }

    /// Runs one command; a failure of its own becomes its reply, a failure that concerns the whole transaction is thrown.
    private func perform(_ command: Command, _ session: Session) throws -> Reply {
        guard command.isolation == .savepoint else { return try command.perform(session) }
        try session.execute("SAVEPOINT command")
        do {
            let reply = try command.perform(session)
            try session.execute("RELEASE command")
            return reply
        } catch {
            let failure = StoreError(error)
            // SQLite may have undone the whole transaction already (sqlite.org/lang_transaction.html, "Response To Errors").
            guard failure.code != .unwritable, session.isInsideTransaction else { throw error }
            try session.execute("ROLLBACK TO command")
            try session.execute("RELEASE command")
            return { command.fail(failure) }
        }
    }
}

/// What the writer has done since the store was opened.
package struct WriterStatistics: Sendable, Hashable {
    /// Transactions that were committed.
    package var commits: Int
    /// Commands that were in them.
    package var commands: Int
}
