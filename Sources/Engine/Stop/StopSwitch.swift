import Glibc
import Synchronization

/// The switch that stops everything without the database, the API and the tasks that serve them: a file named `STOP` in the data
/// folder, or SIGUSR2, which makes that file.
///
/// A thread of its own looks every 250 ms for the file and whether the signal came; whoever is about to send asks an atomic flag. The
/// file is what survives a restart. When it can not be looked for, everything is stopped; when the signal came and the file can not be
/// made, everything is stopped all the same and it is tried again.
package final class StopSwitch: Sendable {
    /// How often the file is looked for.
    package static let interval = Duration.milliseconds(250)
    /// The file's name in the data folder.
    package static let fileName = "STOP"

    /// The file's path.
    package let path: String
    private struct State {
        /// The signal came and the file is not made yet: it stops all the same.
        var owesFile = false
        /// The signal was what stopped everything, since that was last lifted.
        var isBySignal = false
        /// What was told last.
        var isReported = false
    }

    private let stopped = Atomic(false)
    private let state = Mutex(State())
    private let isEnding = Atomic(false)
    private let thread = Mutex<pthread_t?>(nil)
    /// Told of every change, and once when the switch is made while it is on; on the thread that saw it.
    private let onChange: @Sendable (_ isStopped: Bool, _ bySignal: Bool) -> Void

    /// A switch that is read from that file at once; nothing runs before ``start()``.
    package init(path: String, onChange: @escaping @Sendable (_ isStopped: Bool, _ bySignal: Bool) -> Void = { _, _ in }) {
        self.path = path
        self.onChange = onChange
        look()
    }

    /// Whether nothing that changes anything may leave. Safe to ask from any thread; never waits.
    package var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Looks for the file now; what the thread does by itself.
    package func look() { report(state.withLock { look(&$0) }) }

    /// Takes the switch off: removes the file and forgets the signal.
    /// - Returns: whether it is off; not when the file can not be removed.
    package func lift() -> Bool {
        let isRemoved = state.withLock { state in
            state.owesFile = false
            return unlink(path) == 0 || errno == ENOENT
        }
        look()
        return isRemoved && !isStopped
    }

    /// - Returns: what changed since it was last told.
    private func look(_ state: inout State) -> (isStopped: Bool, bySignal: Bool)? {
        if state.owesFile, makeFile() { state.owesFile = false }
        let isStopped = state.owesFile || Self.exists(path)
        stopped.store(isStopped, ordering: .releasing)
        guard isStopped != state.isReported else { return nil }
        state.isReported = isStopped
        defer { if !isStopped { state.isBySignal = false } }
        return (isStopped, state.isBySignal)
    }

    private func report(_ change: (isStopped: Bool, bySignal: Bool)?) {
        if let change { onChange(change.isStopped, change.bySignal) }
    }

    /// Takes SIGUSR2 for the whole process, which it would end otherwise; a switch sees it once it has started.
    ///
    /// For the start of the process. By a handler: libdispatch leaves the main thread waiting with no signal blocked, so that one which
    /// all other threads blocked would meet its default there.
    package static func takeSignal() {
        // The handler must not be the first to look at it.
        signalSeen.store(false, ordering: .releasing)
        Glibc.signal(SIGUSR2) { _ in signalSeen.store(true, ordering: .releasing) }
    }

    /// Starts the thread; nothing when it runs. Without a thread to be had the process must not go on.
    /// - Returns: whether it runs.
    package func start() -> Bool {
        thread.withLock { thread in
            guard thread == nil else { return true }
            var identifier = pthread_t()
            let owner = Unmanaged.passRetained(self)
            let code = pthread_create(
                &identifier, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<StopSwitch>.fromOpaque(argument).takeRetainedValue().watch()
                    return nil
                }, owner.toOpaque())
            guard code == 0 else {
                owner.release()
                return false
            }
            thread = identifier
            return true
        }
    }

    /// Ends the thread and waits for it, for up to ``interval``. The switch stays as it is.
    package func end() {
        isEnding.store(true, ordering: .releasing)
        thread.withLock { thread in
            if let identifier = thread { pthread_join(identifier, nil) }
            thread = nil
        }
    }

    private func watch() {
        let pause = Int32(clamping: Self.interval.components.attoseconds / 1_000_000_000_000_000)
        while !isEnding.load(ordering: .acquiring) {
            if signalSeen.exchange(false, ordering: .acquiringAndReleasing) {
                state.withLock { state in
                    state.owesFile = true
                    state.isBySignal = true
                }
            }
            look()
            poll(nil, 0, pause)
        }
    }

    /// - Returns: whether the file is there and on disk.
    private func makeFile() -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        return fsync(file) == 0
    }

    /// Only a file that is known to be absent stops nothing.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }
}

/// Whether SIGUSR2 came and no switch has taken it yet: all that its handler touches.
private let signalSeen = Atomic(false)
