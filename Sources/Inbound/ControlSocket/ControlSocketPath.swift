import Glibc

/// The file of the control socket: how it comes to be and goes, so that nobody else can open it at any instant.
///
/// A socket takes its mode from the process's umask when it is bound, and a umask is shared by all threads. So it is bound in a folder
/// that only this user may enter, given its mode there, and then renamed to its place, which replaces what a crash left behind.
struct ControlSocketPath: Sendable {
    /// Why there is no socket.
    struct Problem: Error {
        let reason: String
    }

    /// The longest path of a Unix socket, in bytes (`sun_path` of unix(7), with its final zero).
    static let maxBytes = 107

    let path: String
    private let folder: String
    private var staging: String { folder + "/s" }

    init(_ path: String) {
        self.path = path
        folder = path + ".new"
    }

    /// Looks at what is in the way, and makes the folder in which the socket is bound.
    /// - Returns: the path to bind.
    func prepare() throws(Problem) -> String {
        guard staging.utf8.count <= Self.maxBytes else {
            throw Problem(
                reason: "\(path) is longer than a socket's path may be (\(Self.maxBytes - 6) bytes); use a shorter data folder")
        }
        switch Self.kind(of: path) {
        case nil: break
        case S_IFSOCK:
            if try Self.answers(path) { throw Problem(reason: "another process listens on \(path)") }
        default: throw Problem(reason: "\(path) is no socket; take it away")
        }
        // Left behind by a crash, or just made: in either case it must be a folder of ours and closed to all others.
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Problem(reason: "\(folder) can not be made (error \(errno))") }
        guard Self.kind(of: folder) == S_IFDIR, chmod(folder, 0o700) == 0 else {
            throw Problem(reason: "\(folder) is in the way; take it away")
        }
        unlink(staging)
        return staging
    }

    /// A file by what it is, whatever its name.
    struct Identity: Sendable, Equatable {
        let device: dev_t
        let inode: ino_t

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            (device, inode) = (status.st_dev, status.st_ino)
        }
    }

    /// Gives the bound socket its mode and its place.
    /// - Returns: which file it is, for ``remove(_:)``.
    func publish() throws(Problem) -> Identity? {
        let identity = Identity(staging)
        guard chmod(staging, 0o600) == 0, rename(staging, path) == 0 else {
            throw Problem(reason: "\(path) can not be made (error \(errno))")
        }
        rmdir(folder)
        return identity
    }

    /// Takes the published socket away, unless another bridge has taken its place since; also what was never published.
    func remove(_ published: Identity?) {
        if let published {
            if Identity(path) == published { unlink(path) }
            return
        }
        unlink(staging)
        rmdir(folder)
    }

    /// The file's kind, links not followed; `nil` when there is none.
    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// Whether somebody accepts connections on a socket; one that a crash left behind refuses them.
    private static func answers(_ path: String) throws(Problem) -> Bool {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Problem(reason: "no socket can be made (error \(errno))") }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(maxBytes)) }
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // A full queue of waiting connections belongs to somebody who lives.
        return outcome == 0 || errno == EAGAIN || errno == EINPROGRESS
    }
}
