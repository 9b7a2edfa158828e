import Glibc
import Synchronization

/// A server on raw sockets that misbehaves as its script says, and counts what it saw.
///
/// Connection number n follows script n, the last script serves all further ones. After its last step a connection is closed.
final class CurlTransportServer: Sendable {
    enum Step: Sendable {
        /// Reads and records one whole request; ends the script when the peer closes first.
        case read
        /// Reads whatever comes next, at least one byte.
        case readBytes
        case write(String)
        /// Writes the text again and again, until that many times or until the peer closes.
        case flood(String, times: Int)
        /// Writes byte by byte with that pause.
        case drip(String, milliseconds: Int32)
        /// Keeps the connection open until the peer closes or the server stops.
        case hold
        /// Reads requests and answers each with the text, until the peer closes.
        case serve(String)
        /// Reads requests and answers each with `METHOD PATH X-NUMBER AUTHORIZATION BODY` of itself, until the peer closes.
        case echo
        /// Waits that long without reading.
        case pause(milliseconds: Int32)
        /// Ends the writing with FIN and keeps reading.
        case halfClose
        /// Closes with RST in place of FIN, now.
        case reset
        /// Closes now; what follows in the script is for connections that were not closed.
        case close
    }

    struct Request: Sendable, Equatable {
        var head: String
        var body: [UInt8]
        var connection: Int

        var line: String { String(head.prefix { $0 != "\r\n" }) }
        var headerLines: [String] { head.split(separator: "\r\n").dropFirst().map(String.init).sorted() }
    }

    private struct State {
        var requests: [Request] = []
        /// The connections that are open, and the listener.
        var sockets: Set<Int32> = []
        var accepted = 0
        var closed = 0
        var isStopped = false
        var waiters: [Waiter] = []

        /// Takes out those who have what they wait for.
        mutating func due() -> [Waiter] {
            let due = waiters.filter { $0.isDue(requests.count, closed) }
            let (requestCount, closedCount) = (requests.count, closed)
            waiters.removeAll { $0.isDue(requestCount, closedCount) }
            return due
        }
    }

    private struct Waiter {
        let isDue: @Sendable (_ requests: Int, _ closed: Int) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    /// What the threads hold; it outlives the server until they are done.
    private final class Shared: Sendable {
        let state = Mutex(State())
        let scripts: [[Step]]
        let listener: Int32

        init(scripts: [[Step]], listener: Int32) {
            self.scripts = scripts
            self.listener = listener
        }
    }

    struct Failure: Error {
        let call: String
        let code: Int32
    }

    let port: UInt16
    private let shared: Shared

    init(_ scripts: [[Step]]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 256) == 0 && getsockname(listener, generic, &length) == 0
            }
        }
        guard bound else { throw Failure(call: "bind", code: errno) }
        port = UInt16(bigEndian: address.sin_port)
        let shared = Shared(scripts: scripts, listener: listener)
        shared.state.withLock { _ = $0.sockets.insert(listener) }
        self.shared = shared
        Self.spawn { Self.accept(shared) }
    }

    convenience init(_ script: [Step]) throws {
        try self.init([script])
    }

    deinit {
        let waiters = shared.state.withLock { state in
            state.isStopped = true
            let waiters = state.waiters
            state.waiters = []
            // Under the lock, as every close: a number that was closed meanwhile may be another's socket by now.
            for socket in state.sockets { Glibc.shutdown(socket, Int32(SHUT_RDWR)) }
            return waiters
        }
        for waiter in waiters { waiter.continuation.resume() }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { shared.state.withLock { $0.requests } }
    /// How many connections were made, whether or not a request came over them.
    var accepted: Int { shared.state.withLock { $0.accepted } }

    /// Waits until that many requests were recorded.
    func waitForRequests(_ count: Int) async {
        await wait { requests, _ in requests >= count }
    }

    /// Waits until that many connections were closed by the server: the FIN or RST is then with the client's system.
    func waitForClosed(_ count: Int) async {
        await wait { _, closed in closed >= count }
    }

    private func wait(until isDue: @escaping @Sendable (_ requests: Int, _ closed: Int) -> Bool) async {
        await withCheckedContinuation { continuation in
            let due = shared.state.withLock { state in
                state.waiters.append(Waiter(isDue: isDue, continuation: continuation))
                return state.due()
            }
            for waiter in due { waiter.continuation.resume() }
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs that on a thread of its own.
    static func spawn(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(body)).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box)
        if code == 0 { pthread_detach(thread) }
    }

    private static func accept(_ shared: Shared) {
        var number = 0
        while true {
            let connection = Glibc.accept(shared.listener, nil, nil)
            guard connection >= 0 else { break }
            let isStopped = shared.state.withLock { state in
                state.accepted += 1
                if !state.isStopped { state.sockets.insert(connection) }
                return state.isStopped
            }
            if isStopped {
                Glibc.close(connection)
                break
            }
            let script = shared.scripts[min(number, shared.scripts.count - 1)]
            let index = number
            number += 1
            spawn { follow(script, connection: connection, index: index, shared: shared) }
        }
        shared.state.withLock { state in
            state.sockets.remove(shared.listener)
            Glibc.close(shared.listener)
        }
    }

    private static func follow(_ script: [Step], connection: Int32, index: Int, shared: Shared) {
        var buffered: [UInt8] = []
        for step in script {
            guard perform(step, connection: connection, buffered: &buffered, index: index, shared: shared) else { break }
        }
        let due = shared.state.withLock { state in
            state.sockets.remove(connection)
            Glibc.close(connection)
            state.closed += 1
            return state.due()
        }
        for waiter in due { waiter.continuation.resume() }
    }

    /// False when the script ends here.
    private static func perform(
        _ step: Step, connection: Int32, buffered: inout [UInt8], index: Int, shared: Shared
    ) -> Bool {
        switch step {
        case .read:
            guard let request = readRequest(connection, buffered: &buffered, index: index) else { return false }
            record(request, shared: shared)
        case .readBytes:
            return receive(connection, into: &buffered)
        case .write(let text):
            return send(connection, Array(text.utf8))
        case .flood(let text, let times):
            let bytes = Array(text.utf8)
            for _ in 0..<times where !send(connection, bytes) { return false }
        case .drip(let text, let milliseconds):
            for byte in text.utf8 {
                guard send(connection, [byte]) else { return false }
                poll(nil, 0, milliseconds)
            }
        case .hold:
            while receive(connection, into: &buffered) {}
        case .serve(let text):
            while let request = readRequest(connection, buffered: &buffered, index: index) {
                record(request, shared: shared)
                guard send(connection, Array(text.utf8)) else { break }
            }
            return false
        case .echo:
            while let request = readRequest(connection, buffered: &buffered, index: index) {
                record(request, shared: shared)
                guard send(connection, Array(echo(request).utf8)) else { break }
            }
            return false
        case .pause(let milliseconds):
            poll(nil, 0, milliseconds)
        case .halfClose:
            Glibc.shutdown(connection, Int32(SHUT_WR))
        case .reset:
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            return false
        case .close:
            return false
        }
        return true
    }

    private static func echo(_ request: Request) -> String {
        func value(_ name: String) -> String {
            request.headerLines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.utf8.count + 2)) } ?? "-"
        }
        let words = request.line.split(separator: " ").prefix(2) + ["\(value("X-Number"))", "\(value("Authorization"))"]
        let text = words.joined(separator: " ") + " " + String(decoding: request.body, as: UTF8.self)
        return "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }

    private static func record(_ request: Request, shared: Shared) {
        let due = shared.state.withLock { state in
            state.requests.append(request)
            return state.due()
        }
        for waiter in due { waiter.continuation.resume() }
    }

    private static func readRequest(_ connection: Int32, buffered: inout [UInt8], index: Int) -> Request? {
        while true {
            if let end = headEnd(buffered) {
                let head = String(decoding: buffered[..<end], as: UTF8.self)
                let length = head.split(separator: "\r\n").lazy
                    .first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
                let total = end + 4 + (length ?? 0)
                if buffered.count >= total {
                    let body = Array(buffered[(end + 4)..<total])
                    buffered.removeFirst(total)
                    return Request(head: head, body: body, connection: index)
                }
            }
            guard receive(connection, into: &buffered) else { return nil }
        }
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { Array(bytes[$0..<($0 + 4)]) == [13, 10, 13, 10] }
    }

    private static func receive(_ connection: Int32, into buffered: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffered += chunk[..<count]
        return true
    }

    private static func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

/// The shortest of up to five tries; stops at the first that is short enough.
///
/// A try may wait for a processor that other tests use, which says nothing of the code: that one try is fast shows that it can be.
func curlTransportFastest(below limit: Duration, _ body: () async throws -> Void) async rethrows -> Duration {
    var fastest: Duration = .seconds(3_600)
    for _ in 0..<5 where fastest >= limit {
        let start = ContinuousClock.now
        try await body()
        fastest = min(fastest, ContinuousClock.now - start)
    }
    return fastest
}
