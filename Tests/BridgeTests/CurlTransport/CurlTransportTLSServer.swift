import Glibc
import Synchronization

/// A TLS server in a Python process, which behaves as told and counts what it saw.
///
/// It makes its own certificate, by which a driver that trusts ``certificate`` knows it.
final class CurlTransportTLSServer: Sendable {
    /// What a connection does.
    enum Behaviour: String, Sendable, CaseIterable {
        /// Answers each request, until the peer closes.
        case serve
        /// Closes with FIN once the first bytes of the handshake have come.
        case closeInHandshake = "close-in-handshake"
        /// Closes with RST once the first bytes of the handshake have come.
        case resetInHandshake = "reset-in-handshake"
        /// Answers the handshake with bytes that are none.
        case garbageInHandshake = "garbage-in-handshake"
        /// Never answers the handshake.
        case stallInHandshake = "stall-in-handshake"
        /// Speaks no TLS newer than 1.1.
        case oldTLS = "old-tls"
        /// Reads a request and closes with `close_notify`.
        case closeAfterRequest = "close-after-request"
        /// Reads a request and closes the connection without `close_notify`.
        case cutAfterRequest = "cut-after-request"
        /// Cuts in the middle of the answer's body.
        case cutInBody = "cut-in-body"
        /// Answers one request, and cuts the connection when the next has come.
        case cutOnReuse = "cut-on-reuse"
        /// Answers without a length, and cuts without `close_notify`: whether that was all can not be known.
        case cutWithoutLength = "cut-without-length"
    }

    static let python = "/usr/bin/python3"
    static let openssl = "/usr/bin/openssl"
    static var isAvailable: Bool { access(python, X_OK) == 0 && access(openssl, X_OK) == 0 }

    let port: UInt16
    /// The file with the server's certificate.
    let certificate: String
    private let folder: String
    private let process: pid_t
    private let input: Int32
    private let lines: Lines

    /// What the process has said so far.
    private final class Lines: Sendable {
        let said = Mutex<[String]>([])
    }

    /// Starts the process and waits until it listens.
    ///
    /// - Parameters:
    ///   - behaviour: Of every connection.
    ///   - subjectAltName: Of the certificate, such as `IP:127.0.0.1`.
    ///   - isExpired: Whether the certificate ended yesterday.
    ///   - answer: The whole answer to each request.
    /// - Throws: `CurlTransportServer.Failure` when the process does not start.
    init(_ behaviour: Behaviour, subjectAltName: String = "IP:127.0.0.1", isExpired: Bool = false, answer: String) throws {
        var template = Array("/tmp/vpsbridge-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CurlTransportServer.Failure(call: "mkdtemp", code: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        certificate = folder + "/cert.pem"
        let words = [Self.python, "-c", program, behaviour.rawValue, folder, subjectAltName, isExpired ? "-1" : "2", answer]
        let (process, input, output) = try Self.spawn(words)
        self.process = process
        self.input = input
        let lines = Lines()
        self.lines = lines
        guard let first = Self.readLine(output), first.hasPrefix("port "), let port = UInt16(first.dropFirst(5)) else {
            throw CurlTransportServer.Failure(call: "python3", code: 0)
        }
        self.port = port
        CurlTransportServer.spawn {
            while let line = Self.readLine(output) { lines.said.withLock { $0.append(line) } }
            close(output)
        }
    }

    deinit {
        close(input)
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        for file in ["cert.pem", "key.pem", "request.pem"] { unlink("\(folder)/\(file)") }
        rmdir(folder)
    }

    var url: String { "https://127.0.0.1:\(port)" }

    /// The request lines seen up to now; asks the server, so that none is on its way.
    func requests() async -> [String] {
        let mark = "mark"
        _ = write(input, "\n", 1)
        while !lines.said.withLock({ $0.contains(mark) }) { await Task.yield() }
        return lines.said.withLock { said in
            said.removeAll { $0 == mark }
            return said.filter { $0.hasPrefix("request ") }.map { String($0.dropFirst(8)) }
        }
    }

    private static func readLine(_ descriptor: Int32) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1 {
            if byte == 0x0A { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    private static func spawn(_ arguments: [String]) throws -> (process: pid_t, input: Int32, output: Int32) {
        var (input, output): ([Int32], [Int32]) = ([0, 0], [0, 0])
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw CurlTransportServer.Failure(call: "pipe", code: errno) }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var process = pid_t()
        var words = arguments.map { strdup($0) } + [nil]
        let code = posix_spawn(&process, arguments[0], &actions, nil, &words, environ)
        for word in words { free(word) }
        close(input[0])
        close(output[1])
        guard code == 0 else { throw CurlTransportServer.Failure(call: "posix_spawn", code: code) }
        return (process, input[1], output[0])
    }
}

private let program = #"""
    import socket, ssl, struct, subprocess, sys, threading

    behaviour, folder, names, days, answer = sys.argv[1:6]
    answer = answer.encode()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    key, request, certificate = folder + "/key.pem", folder + "/request.pem", folder + "/cert.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=test"]
    extension = ["-addext", "subjectAltName=" + names]
    signed = ["-signkey", key, "-days", days, "-copy_extensions", "copy"]
    subprocess.run(["/usr/bin/openssl", "req", "-new", *curve, *extension, "-keyout", key, "-out", request], **quiet)
    subprocess.run(["/usr/bin/openssl", "x509", "-req", "-in", request, *signed, "-out", certificate], **quiet)
    lock = threading.Lock()

    def say(text):
        with lock:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def read_request(stream):
        first = stream.readline()
        if not first:
            return False
        length = 0
        while True:
            line = stream.readline().strip()
            if not line:
                break
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)
        say("request " + first.decode().strip())
        return True

    def context():
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if behaviour == "old-tls":
            made.minimum_version = ssl.TLSVersion.TLSv1
            made.maximum_version = ssl.TLSVersion.TLSv1_1
            made.set_ciphers("DEFAULT:@SECLEVEL=0")
        made.load_cert_chain(certificate, key)
        return made

    def handshake_fault(connection):
        connection.recv(16384)
        if behaviour == "reset-in-handshake":
            reset(connection)
        elif behaviour == "garbage-in-handshake":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            connection.close()
        elif behaviour == "stall-in-handshake":
            while connection.recv(1):
                pass
        else:
            connection.close()

    def follow(connection):
        try:
            if behaviour.endswith("-in-handshake"):
                return handshake_fault(connection)
            secure = tls.wrap_socket(connection, server_side=True)
            stream = secure.makefile("rb")
            number = 0
            while read_request(stream):
                number += 1
                if behaviour == "close-after-request":
                    secure.unwrap()
                    break
                if behaviour == "cut-after-request" or behaviour == "cut-on-reuse" and number == 2:
                    break
                if behaviour == "cut-in-body":
                    secure.sendall(answer[:-1])
                    break
                if behaviour == "cut-without-length":
                    secure.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + answer.partition(b"\r\n\r\n")[2])
                    break
                secure.sendall(answer)
            # Without unwrap there is no close_notify: a plain end of the connection.
            stream.close()
            secure.shutdown(socket.SHUT_RDWR)
            secure.close()
        except (OSError, ValueError):
            connection.close()

    def accept(listener):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=follow, args=(connection,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    tls = context()
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    say("port %d" % listener.getsockname()[1])
    while sys.stdin.readline():  # ends when the tests do
        say("mark")
    """#
