import Dispatch

/// Runs what blocks or takes long on a thread of its own, one piece of work after the other.
///
/// On Linux Swift's tasks share libdispatch's global pool, one thread for each core: a second of parsing there would hold up every sender.
/// A private serial queue brings its own thread.
struct OwnThread: Sendable {
    private let queue: DispatchQueue

    /// A thread under that name, which exists while it works.
    init(label: String) {
        queue = DispatchQueue(label: label, qos: .utility)
    }

    /// Runs the work there and waits for it without blocking.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
