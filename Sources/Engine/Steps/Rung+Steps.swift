import Rules

extension Rung {
    /// The place of the step that changes servers; `nil` when there is none.
    var changingIndex: Int? {
        steps.firstIndex { $0.action.changesServers }
    }

    /// The step that changes servers; `nil` when there is none.
    var changingStep: Step? { changingIndex.map { steps[$0] } }

    /// Whether any step is a request to another API, a reading, a pause or a wait: what is taken one at a time beside the change.
    var hasRequests: Bool { requestIndex(from: 0) != nil }

    /// The place of the first such step at or after a place.
    func requestIndex(from start: Int) -> Int? {
        steps.indices.first { index in
            guard index >= start else { return false }
            switch steps[index].action {
            case .httpRequest, .read, .pause, .wait: return true
            case .server, .create, .fields, .delete, .scale, .notify: return false
            }
        }
    }

    /// What the rung does, in the words of its steps; for people.
    var title: String {
        steps.compactMap { step -> String? in
            switch step.action {
            case .server, .read, .create, .fields, .delete, .scale: step.name
            case .httpRequest(let request): "\(request.method) \(request.url.origin)"
            case .pause: step.name
            case .notify, .wait: nil
            }
        }.joined(separator: ", ")
    }
}

extension Rule {
    /// Whether the rule sends requests to other APIs or reads, and changes no server.
    var sendsOnly: Bool { rungs.contains { $0.hasRequests } && !rungs.contains { $0.changingIndex != nil } }
}
