import CurlTransport
import JSON
import Synchronization

/// Records the requests and answers them in order; the last answer serves all further ones.
final class VPSAPIFakeTransport: HTTPTransport {
    private struct State {
        var requests: [HTTPRequest] = []
        var outcomes: [HTTPOutcome]
    }

    private let state: Mutex<State>

    init(_ outcomes: [HTTPOutcome]) {
        state = Mutex(State(outcomes: outcomes))
    }

    convenience init(status: Int, _ body: String = "", headers: [(String, String)] = []) {
        self.init([.response(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))])
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        state.withLock { state in
            state.requests.append(request)
            return state.outcomes.count > 1 ? state.outcomes.removeFirst() : state.outcomes[0]
        }
    }
}

extension HTTPOutcome {
    static func vpsAPIPage(_ body: String) -> HTTPOutcome {
        .response(HTTPResponse(status: 200, body: Array(body.utf8)))
    }
}
