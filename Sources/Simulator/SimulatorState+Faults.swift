import JSON
import Model

/// One request from its fault to the ledger.
extension SimulatorState {
    mutating func serve(_ operation: Operation, _ call: Call) -> SimulatedResponse {
        let fault = takeFault(for: operation, call.server)
        var subject = subject(of: operation, call)
        var answer: SimulatedResponse
        var applied = false
        switch fault?.kind {
        case .dropBeforeApply: answer = SimulatedResponse(status: 500)
        case .status(let status): answer = .fault(status, retryAfter: fault?.retryAfter)
        case .doesNothing:
            var shadow = self
            answer = shadow.attempt(operation, call, raisesGuest: true).answer
        default:
            (answer, applied) = attempt(operation, call, raisesGuest: fault?.kind != .guestStaysDown)
        }
        if operation == .create, let id = answer.json?["id"]?.intValue { subject.id = ServerID(rawValue: id) }
        if let fault { answer = answer.struck(by: fault) }
        if operation.isChanging {
            revision &+= 1
            ledger.append(
                Ledger.Entry(
                    operation: operation, server: subject.id, name: subject.name, at: call.now, applied: applied,
                    status: answer.isDropped ? nil : answer.status, fault: fault?.kind.name))
        }
        return answer
    }

    private mutating func attempt(
        _ operation: Operation, _ call: Call, raisesGuest: Bool
    ) -> (answer: SimulatedResponse, applied: Bool) {
        do throws(Refusal) {
            return (try perform(operation, call, raisesGuest: raisesGuest), true)
        } catch {
            return (error.response, false)
        }
    }

    private mutating func takeFault(for operation: Operation, _ server: ServerID?) -> Fault? {
        for index in faults.indices where faults[index].matches(operation, server) {
            let fault = faults[index]
            if fault.perMille < 1_000, Int.random(in: 0..<1_000, using: &chance) >= fault.perMille { continue }
            if let times = fault.times {
                revision &+= 1
                if times > 1 { faults[index].times = times - 1 } else { faults.remove(at: index) }
            }
            return fault
        }
        return nil
    }

    /// The server that a request is about, and its name as far as it can be known before anything is done.
    private func subject(of operation: Operation, _ call: Call) -> (id: ServerID?, name: String?) {
        if let id = call.server { return (id, server(id)?.name) }
        guard operation == .create else { return (nil, nil) }
        return (nil, (try? SimulatorJSON.value(of: call.request.body))?["name"]?.stringValue)
    }
}

extension SimulatedResponse {
    fileprivate static func fault(_ status: Int, retryAfter: Int?) -> SimulatedResponse {
        let headers = retryAfter.map { [Header(name: "Retry-After", value: String($0))] } ?? []
        return .detail(status, "A fault that the simulator was asked for.", headers: headers)
    }

    /// The answer as the fault leaves it.
    fileprivate func struck(by fault: Fault) -> SimulatedResponse {
        var answer = self
        switch fault.kind {
        case .dropBeforeApply, .dropAfterApply: answer.isDropped = true
        case .statusAfterApply(let status): answer = .fault(status, retryAfter: fault.retryAfter)
        case .malformedBody:
            answer = SimulatedResponse(status: 200, body: .text("<html>Welcome</html>\n", type: "text/html"))
        case .emptyList where status == 200: answer.body = .json(["count": 0, "results": []])
        case .incompleteList where status == 200: answer.body = .json(json?.withoutLastResult ?? .null)
        default: break
        }
        answer.delay = fault.delay
        return answer
    }
}

extension JSONValue {
    fileprivate var withoutLastResult: JSONValue {
        guard var object = objectValue else { return self }
        for index in object.members.indices where object.members[index].name.hasSameBytes(as: "results") {
            object.members[index].value = .array(object.members[index].value.arrayValue?.dropLast() ?? [])
        }
        return .object(object)
    }
}
