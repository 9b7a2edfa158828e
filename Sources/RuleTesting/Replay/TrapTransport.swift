package import CurlTransport
import Synchronization

/// A transport that opens no socket: whatever is handed to it is a fault of whoever did, and is remembered.
///
/// It stands wherever a replay could reach the world. Safe to use from any task.
package final class TrapTransport: HTTPTransport {
    private let attempts = Mutex<[String]>([])

    package init() {}

    /// What was tried: method and host, the first few.
    package var tried: [String] { attempts.withLock { $0 } }

    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        attempts.withLock { attempts in
            if attempts.count < 10 { attempts.append("\(request.method.rawValue) \(request.target.host)") }
        }
        return .notSent(TransportError(.connect, "a replay sends nothing"))
    }
}

/// What other APIs are assumed to answer to the requests of rules in a replay: 200 with an empty object. Keeps nothing.
struct AssumedTransport: HTTPTransport {
    func send(_ request: HTTPRequest) async -> HTTPOutcome { .status(200) }
}
