import Glibc
import Synchronization

/// Holds the lock file beside the database, so that one process at a time uses the data directory.
///
/// The kernel lets go of the lock when the process ends, however it ends; the file itself stays and means nothing. Two processes
/// would be two writers, which SQLite before 3.51.3 does not always survive (sqlite.org/wal.html, "The WAL-Reset Bug"), and two
/// workers.
final class StoreLock: Sendable {
    private let descriptor: Mutex<CInt?>

    /// - Throws: `StoreError.unusable` when another process holds it, `.unwritable` when the file cannot be made.
    init(databasePath: String) throws(StoreError) {
        let path = databasePath + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(
                .unwritable, "\(path) cannot be made (\(Self.reason(errno))); the data directory must exist and be writable")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            Glibc.close(descriptor)
            guard cause == EWOULDBLOCK else { throw StoreError(.unusable, "\(path) cannot be locked (\(Self.reason(cause)))") }
            throw StoreError(.unusable, "another process uses \(databasePath); stop it first")
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets go of the lock; a second call does nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }

    private static func reason(_ code: CInt) -> String {
        // Not `strerror`: another thread may overwrite the buffer that it answers from.
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
