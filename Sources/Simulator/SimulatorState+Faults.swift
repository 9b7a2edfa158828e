import JSON
import Model

/// One request from its fault to the ledger.
extension SimulatorState {
    mutating func serve(_ operation: Operation, _ call: Call) -> SimulatedResponse {
        if let refusal = throttle(now: call.now) {
            record(operation, call, subject(of: operation, call), refusal, applied: false, fault: "rate_limit")
            return refusal
        }
        let fault = takeFault(for: operation, call.server)
        var subject = subject(of: operation, call)
        var answer: SimulatedResponse
        var applied = false
        switch fault?.kind {
        case .dropBeforeApply, .resetBeforeApply: answer = SimulatedResponse(status: 500)
        case .status(let status): answer = .fault(status, fault?.retryAfter, now: call.now)
        case .doesNothing:
            var shadow = self
            answer = shadow.attempt(operation, call, raisesGuest: true).answer
        default:
            (answer, applied) = attempt(operation, call, raisesGuest: fault?.kind != .guestStaysDown, fault: fault)
        }
        subject.id = Self.created(answer, by: operation) ?? subject.id
        if let fault {
            answer = answer.struck(by: fault, now: call.now)
            answer.delay = delay(of: fault)
        }
        record(operation, call, subject, answer, applied: applied, fault: fault?.kind.name)
        if fault?.kind == .appliedTwice {
            let (second, applied) = attempt(operation, call, raisesGuest: true)
            subject.id = Self.created(second, by: operation) ?? subject.id
            record(operation, call, subject, second, applied: applied, fault: fault?.kind.name)
        }
        return answer
    }

    private static func created(_ answer: SimulatedResponse, by operation: Operation) -> ServerID? {
        guard operation == .create else { return nil }
        return answer.json?["id"]?.intValue.map(ServerID.init(rawValue:))
    }

    private mutating func record(
        _ operation: Operation, _ call: Call, _ subject: (id: ServerID?, name: String?), _ answer: SimulatedResponse,
        applied: Bool, fault: String?
    ) {
        guard operation.isChanging else { return }
        revision &+= 1
        ledger.append(
            Ledger.Entry(
                operation: operation, server: subject.id, name: subject.name, at: call.now, applied: applied,
                status: answer.isDropped ? nil : answer.status, fault: fault))
    }

    private mutating func delay(of fault: Fault) -> Duration {
        guard let most = fault.delayMax, most > fault.delay else { return fault.delay }
        let range = fault.delay.wholeMicroseconds...most.wholeMicroseconds
        return .microseconds(Int64.random(in: range, using: &chance))
    }

    private mutating func attempt(
        _ operation: Operation, _ call: Call, raisesGuest: Bool, fault: Fault? = nil
    ) -> (answer: SimulatedResponse, applied: Bool) {
        do throws(Refusal) {
            if let fault, fault.kind == .staleList { return (try list(call, age: fault.age), true) }
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
    fileprivate static func fault(_ status: Int, _ retryAfter: RetryAfterField?, now: Timestamp) -> SimulatedResponse {
        .detail(status, "A fault that the simulator was asked for.", headers: retryAfter?.headers(now: now) ?? [])
    }

    /// The answer as the fault leaves it.
    fileprivate func struck(by fault: Fault, now: Timestamp) -> SimulatedResponse {
        var answer = self
        switch fault.kind {
        case .dropBeforeApply, .dropAfterApply: answer.ending = .closed
        case .resetBeforeApply, .resetAfterApply: answer.ending = .reset
        case .truncatedBody: answer.ending = .cutBody
        case .truncatedChunk: answer.ending = .cutChunk
        case .statusAfterApply(let status): answer = .fault(status, fault.retryAfter, now: now)
        case .malformedBody:
            answer = SimulatedResponse(status: 200, body: .text("<html>Welcome</html>\n", type: "text/html"))
        case .emptyList where status == 200: answer.body = .json(["count": 0, "results": []])
        case .incompleteList where status == 200: answer.body = .json(json?.withoutLastResult ?? .null)
        default: break
        }
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
