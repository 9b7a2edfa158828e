import Rules

extension Rung {
    /// The place of the step that changes servers; `nil` when there is none.
    var changingIndex: Int? {
        steps.firstIndex { step in
            switch step.action {
            case .server, .scale: true
            case .httpRequest, .notify: false
            }
        }
    }

    /// Whether any step is a request to another API.
    var hasRequests: Bool { requestIndex(from: 0) != nil }

    /// The place of the first request at or after a place.
    func requestIndex(from start: Int) -> Int? {
        steps.indices.first { index in
            guard index >= start, case .httpRequest = steps[index].action else { return false }
            return true
        }
    }

    /// What the rung does, in the words of its steps; for people.
    var title: String {
        steps.compactMap { step -> String? in
            switch step.action {
            case .server(let action): action.rawValue
            case .scale: step.name
            case .httpRequest(let request): "\(request.method) \(request.url.origin)"
            case .notify: nil
            }
        }.joined(separator: ", ")
    }
}

extension Rule {
    /// Whether the rule sends requests to other APIs and changes no server.
    var sendsOnly: Bool { !actsOnServer && !scales && rungs.contains { $0.hasRequests } }
}
