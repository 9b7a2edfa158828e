import Glibc
import Synchronization

/// A mail server on a raw socket that says what it is told to, and keeps what it heard.
final class CurlTransportSMTPServer: Sendable {
    /// What it does at a turn of the conversation.
    enum Turn: Sendable {
        case say(String)
        /// Closes the connection without a word.
        case drop
        /// Never says anything again.
        case silence
    }

    private struct State {
        var commands: [String] = []
        var mails: [String] = []
        var sockets: Set<Int32> = []
        var isStopped = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let turns: [String: Turn]
        let listener: Int32

        init(turns: [String: Turn], listener: Int32) {
            self.turns = turns
            self.listener = listener
        }
    }

    let port: UInt16
    private let shared: Shared

    /// `turns` by the words `connect`, `EHLO`, `MAIL`, `RCPT` (or `RCPT ADDRESS`), `DATA` and `end` (of the mail); where none is given
    /// the server is content.
    init(_ turns: [String: Turn] = [:]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw CurlTransportServer.Failure(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, generic, &length) == 0
            }
        }
        guard bound else { throw CurlTransportServer.Failure(call: "bind", code: errno) }
        port = UInt16(bigEndian: address.sin_port)
        let shared = Shared(turns: turns, listener: listener)
        shared.state.withLock { _ = $0.sockets.insert(listener) }
        self.shared = shared
        CurlTransportServer.spawn { Self.accept(shared) }
    }

    deinit {
        shared.state.withLock { state in
            state.isStopped = true
            for socket in state.sockets { Glibc.shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// The lines that were said to it, contents aside.
    var commands: [String] { shared.state.withLock { $0.commands } }
    /// The contents that came whole, dots undone.
    var mails: [String] { shared.state.withLock { $0.mails } }

    private static func accept(_ shared: Shared) {
        while true {
            let connection = Glibc.accept(shared.listener, nil, nil)
            guard connection >= 0 else { break }
            let isStopped = shared.state.withLock { state in
                if !state.isStopped { state.sockets.insert(connection) }
                return state.isStopped
            }
            if isStopped {
                Glibc.close(connection)
                break
            }
            CurlTransportServer.spawn {
                var lines = Lines(descriptor: connection)
                converse(&lines, shared)
                shared.state.withLock { state in
                    state.sockets.remove(connection)
                    Glibc.close(connection)
                }
            }
        }
        shared.state.withLock { state in
            state.sockets.remove(shared.listener)
            Glibc.close(shared.listener)
        }
    }

    private static func converse(_ lines: inout Lines, _ shared: Shared) {
        guard take(shared.turns["connect"] ?? .say("220 test ESMTP"), &lines) else { return }
        while let line = lines.next() {
            shared.state.withLock { $0.commands.append(line) }
            let verb = String(line.prefix { $0 != " " })
            let usual: Turn
            switch verb {
            case "EHLO": usual = .say("250-test\r\n250-AUTH PLAIN\r\n250 SIZE 1000000")
            case "DATA": usual = .say("354 go on")
            case "QUIT": usual = .say("221 bye")
            default: usual = .say("250 ok")
            }
            let address = line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
            guard take(shared.turns["\(verb) \(address)"] ?? shared.turns[verb] ?? usual, &lines) else { return }
            if verb == "DATA", shared.turns["DATA"] == nil {
                var mail: [String] = []
                while let line = lines.next(), line != "." { mail.append(line.hasPrefix(".") ? String(line.dropFirst()) : line) }
                shared.state.withLock { $0.mails.append(mail.joined(separator: "\r\n")) }
                guard take(shared.turns["end"] ?? .say("250 taken"), &lines) else { return }
            }
        }
    }

    /// False when the conversation is over.
    private static func take(_ turn: Turn, _ lines: inout Lines) -> Bool {
        switch turn {
        case .say(let text):
            let bytes = Array((text + "\r\n").utf8)
            return send(lines.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        case .drop: return false
        case .silence:
            while lines.next() != nil {}
            return false
        }
    }

    private struct Lines {
        let descriptor: Int32
        var buffered: [UInt8] = []

        init(descriptor: Int32) {
            self.descriptor = descriptor
        }

        mutating func next() -> String? {
            while true {
                if let end = buffered.firstIndex(of: 0x0A) {
                    let line = buffered[..<end].filter { $0 != 0x0D }
                    buffered.removeFirst(end + 1)
                    return String(decoding: line, as: UTF8.self)
                }
                var chunk = [UInt8](repeating: 0, count: 4_096)
                let count = recv(descriptor, &chunk, chunk.count, 0)
                guard count > 0 else { return nil }
                buffered += chunk[..<count]
            }
        }
    }
}
