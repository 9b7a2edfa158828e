package import CurlTransport
package import Model
import Synchronization

/// A transport that sends nothing: it answers as it is told to and records every request with its instant.
package final class FakeTransport: HTTPTransport {
    /// One request that it was handed.
    package struct Sent: Sendable {
        package var at: Timestamp
        /// Method and address.
        package var line: String
        package var headers: [(String, String)]
        /// The body as text.
        package var body: String

        /// The first value of a header, its name byte by byte.
        package func header(_ name: String) -> String? { headers.first { $0.0.utf8.elementsEqual(name.utf8) }?.1 }
    }

    private let sent = Mutex<[Sent]>([])
    private let answers = Mutex<[HTTPOutcome]>([])
    private let clock: ManualClock
    private let onSend = Mutex<(@Sendable () async -> Void)?>(nil)

    package init(clock: ManualClock) {
        self.clock = clock
    }

    /// Everything that was handed over, in order.
    package var requests: [Sent] { sent.withLock { $0 } }
    /// Method and address of everything.
    package var lines: [String] { requests.map(\.line) }

    /// What becomes of the next requests, in order; those after them are answered with 200 and `{}`.
    package func answer(_ outcomes: HTTPOutcome...) {
        answers.withLock { $0 += outcomes }
    }

    /// Does something while the next request is on its way.
    package func duringNextRequest(_ body: @escaping @Sendable () async -> Void) {
        onSend.withLock { $0 = body }
    }

    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let entry = Sent(
            at: clock.now(), line: "\(request.method.rawValue) \(request.url)", headers: request.headers,
            body: String(decoding: request.body ?? [], as: UTF8.self))
        sent.withLock { $0.append(entry) }
        let meanwhile = onSend.withLock { body in
            defer { body = nil }
            return body
        }
        await meanwhile?()
        return answers.withLock { $0.isEmpty ? .status(200) : $0.removeFirst() }
    }
}

extension HTTPOutcome {
    /// A whole answer with that body.
    package static func status(_ status: Int, _ body: String = "{}", headers: [(String, String)] = []) -> HTTPOutcome {
        .response(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    /// No connection: nothing left.
    package static let refusedConnection = HTTPOutcome.notSent(TransportError(.connect, "connection refused"))
    /// It may have arrived: the connection ended without an answer.
    package static let cut = HTTPOutcome.maybeSent(TransportError(.reset, "the connection was reset"))
}
