package import CurlTransport
package import Rules
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

/// All that a replay's engine is given to send by: what its rules ask of other APIs is assumed to be answered with 200 and an empty
/// object, at the addresses that they name; everything else goes into the trap. Keeps nothing.
package struct AssumedTransport: HTTPTransport {
    private let origins: [String]
    private let trap: TrapTransport

    package init(of ruleSet: RuleSet, trap: TrapTransport) {
        let steps = ruleSet.rules.flatMap { $0.rungs.flatMap(\.steps) }
        origins = steps.compactMap { step in
            switch step.action {
            case .httpRequest(let request): (try? HTTPURL(request.url.origin))?.origin
            case .scale(let scale): scale.drain.flatMap { (try? HTTPURL($0.request.url.origin))?.origin }
            case .server, .read, .create, .fields, .delete, .pause, .notify, .wait: nil
            }
        }
        self.trap = trap
    }

    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let origin = request.target.origin
        guard origins.contains(where: { $0.utf8.elementsEqual(origin.utf8) }) else { return await trap.send(request) }
        return .status(200)
    }
}
