import Glibc

/// How many files the process may open.
enum FileDescriptors {
    /// What the rest of the process needs besides inbound connections: the store, connections to the API, logs.
    static let kept = 128

    /// The wanted number of connections, or what the process's limit leaves for them.
    ///
    /// Running out of descriptors makes `accept` fail, which ends the listener: a stranger must not get that far.
    static func connectionCap(_ wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        return cap(wanted, descriptors: Int(clamping: limit.rlim_cur))
    }

    static func cap(_ wanted: Int, descriptors: Int) -> Int {
        max(1, min(wanted, descriptors - kept))
    }
}
