package import CurlTransport
package import Model
import Synchronization

/// A transport that opens no connection: it answers as it is told to and records every request with its instant. Safe to use from any
/// task.
package final class FakeTransport: HTTPTransport {
    /// One request that it was handed.
    package struct Sent: Sendable {
        package var at: Timestamp
        package var method: HTTPMethod
        /// The whole address.
        package var url: String
        /// Method and address.
        package var line: String { "\(method.rawValue) \(url)" }
        package var headers: [(String, String)]
        /// The body as text.
        package var body: String

        /// The first value of a header, its name byte by byte.
        package func header(_ name: String) -> String? { headers.first { $0.0.utf8.elementsEqual(name.utf8) }?.1 }
    }

    /// What addresses that begin with a text answer.
    package struct Script: Sendable {
        /// Compared by bytes with the beginning of the address.
        package let prefix: String
        package let outcome: HTTPOutcome

        package init(prefix: String, outcome: HTTPOutcome) {
            self.prefix = prefix
            self.outcome = outcome
        }
    }

    private let sent = Mutex<[Sent]>([])
    private let scripts = Mutex<[Script]>([])
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

    /// What a script says holds from now on, for requests that have no answer of their own; a later one goes before an earlier one.
    package func answer(_ script: Script) {
        scripts.withLock { $0.insert(script, at: 0) }
    }

    /// What becomes of the next requests, in order; those after them are answered as scripts say, else with 200 and `{}`.
    package func answer(_ outcomes: HTTPOutcome...) {
        answers.withLock { $0 += outcomes }
    }

    /// Does something while the next request is on its way.
    package func duringNextRequest(_ body: @escaping @Sendable () async -> Void) {
        onSend.withLock { $0 = body }
    }

    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let entry = Sent(
            at: clock.now(), method: request.method, url: request.url, headers: request.headers,
            body: String(decoding: request.body ?? [], as: UTF8.self))
        sent.withLock { $0.append(entry) }
        let meanwhile = onSend.withLock { body in
            defer { body = nil }
            return body
        }
        await meanwhile?()
        if let answer = answers.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return answer }
        let script = scripts.withLock { scripts in scripts.first { request.url.utf8.starts(with: $0.prefix.utf8) } }
        return script?.outcome ?? .status(200)
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
