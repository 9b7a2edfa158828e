package import CurlTransport
import Synchronization

/// A transport that opens no connection: it writes requests down and answers as it is told. Safe to use from any task.
package final class RecordingTransport: HTTPTransport {
    /// What addresses that begin with a text answer.
    package struct Script: Sendable {
        /// Compared by bytes with the beginning of the URL.
        package let prefix: String
        /// Status and body; `nil`: there is no connection.
        package let answer: (status: Int, body: [UInt8])?

        package init(prefix: String, answer: (status: Int, body: [UInt8])?) {
            self.prefix = prefix
            self.answer = answer
        }
    }

    private struct State {
        var scripts: [Script] = []
        var requests: [HTTPRequest] = []
    }

    private let state = Mutex(State())

    /// Answers every request with 200 and `{}` until it is told otherwise.
    package init() {}

    /// What a script says holds from now on; a later one goes before an earlier one.
    package func answer(_ script: Script) {
        state.withLock { $0.scripts.insert(script, at: 0) }
    }

    /// The requests since this was last asked.
    package func takeRequests() -> [HTTPRequest] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    package func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let script = state.withLock { state in
            state.requests.append(request)
            return state.scripts.first { request.url.utf8.starts(with: $0.prefix.utf8) }
        }
        guard let script else { return .response(HTTPResponse(status: 200, body: Array("{}".utf8))) }
        guard let answer = script.answer else { return .notSent(TransportError(.connect, "no connection, as the test says")) }
        return .response(HTTPResponse(status: answer.status, body: answer.body))
    }
}
