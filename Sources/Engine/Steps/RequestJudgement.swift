package import CurlTransport
import JSON
import Model
import Rules

/// Under which terms a request to another API is sent: what counts as success, and what is done when it fails.
struct RequestTerms: Sendable {
    let request: HTTPRequestStep
    let timeout: Duration
    let retry: StepRetry?
    let expect: StepExpectation

    /// The terms of a step of a rung.
    init(_ request: HTTPRequestStep, of step: Step) {
        self.request = request
        timeout = step.timeout ?? HTTPRequestStep.defaultTimeout
        retry = step.retry
        expect = step.expect ?? .standard
    }

    /// The terms of the request before a delete.
    init(_ drain: FleetDrain) {
        request = drain.request
        timeout = drain.timeout
        retry = drain.retry
        expect = drain.expect
    }

    /// Whether a request that may have been sent may be sent again.
    ///
    /// GET and HEAD only read, PUT and DELETE say the same twice (RFC 9110, 9.2.2); a POST or PATCH does so only when its
    /// `Idempotency-Key` lets the receiver tell.
    var isRepeatable: Bool {
        ["GET", "HEAD", "PUT", "DELETE"].contains { $0.utf8.elementsEqual(request.method.utf8) }
            || request.headers.contains { Self.isIdempotencyKey($0.name) }
    }

    private static func isIdempotencyKey(_ name: String) -> Bool {
        name.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }.elementsEqual("idempotency-key".utf8)
    }
}

/// What became of a request to another API, as far as is known.
package enum RequestReply: Sendable {
    case outcome(HTTPOutcome)
    /// It can not be sent at all, now or later; why.
    case unsendable(String)
    /// The bridge was stopped, or lost the run, before it knew.
    case lost
    /// Everything or this was stopped before it left; nothing was sent. Who stopped it.
    case stopped(String)
}

/// What a reply means for its step; a pure function of the reply, the terms, the number of the attempt and one random number.
enum RequestJudgement {
    /// As expected; what later steps read.
    case done(status: Int, JSONValue)
    /// To be sent again.
    case again(Intent.Outcome, Reason, after: Duration, why: String)
    /// It will not be sent again.
    case failed(Intent.Outcome, Reason, why: String)
    /// It may have been received, and sending it again might do it twice: only a person can tell.
    case ambiguous(why: String)

    /// The longest body that later steps can read, in bytes.
    static let maxBodyBytes = 65_536

    /// - Parameters:
    ///   - reply: what became of the request.
    ///   - terms: the step's.
    ///   - attempt: how often it was sent now, from 1.
    ///   - random: from 0 to below 1, for the delay.
    /// - Returns: what becomes of the step.
    static func judge(_ reply: RequestReply, _ terms: RequestTerms, attempt: Int, random: Double) -> RequestJudgement {
        switch reply {
        case .unsendable(let why):
            return .failed(.notExecuted, .notSent, why: "it can not be sent: \(why)")
        case .outcome(.notSent(let error)):
            return again(.notExecuted, .notSent, "it was not sent: \(error)", terms, attempt, nil, random)
        case .outcome(.response(let response)):
            return answered(response, terms, attempt: attempt, random: random)
        case .outcome(.maybeSent(let error)):
            // A status that arrived says what the receiver did, also when the body broke off.
            if let status = error.status {
                return answered(HTTPResponse(status: status), terms, attempt: attempt, random: random)
            }
            return unclear("no whole answer came: \(error)", terms, attempt, random)
        case .stopped(let why):
            return .failed(.notExecuted, .paused, why: why)
        case .lost:
            return unclear("the bridge was stopped before the answer was known", terms, attempt, random)
        }
    }

    /// A time-out, an error of the receiver, and what a gateway says when it lost the receiver's answer.
    private static let unclearStatuses: Set<Int> = [408, 500, 502, 504]

    private static func answered(
        _ response: HTTPResponse, _ terms: RequestTerms, attempt: Int, random: Double
    ) -> RequestJudgement {
        if terms.expect.statuses.contains(response.status) { return .done(status: response.status, output(response)) }
        let why = "the answer is \(response.status), which is not expected"
        guard terms.retry?.statuses.contains(response.status) == true else { return .failed(.refused, .refused, why: why) }
        // Whoever answers so may have done it all the same.
        if !terms.isRepeatable, unclearStatuses.contains(response.status) { return .ambiguous(why: why) }
        return again(.refused, .refused, why, terms, attempt, response.retryAfter, random)
    }

    private static func unclear(
        _ why: String, _ terms: RequestTerms, _ attempt: Int, _ random: Double
    ) -> RequestJudgement {
        guard terms.isRepeatable else { return .ambiguous(why: why) }
        return again(.assumedSent, .unverified, why, terms, attempt, nil, random)
    }

    private static func again(
        _ outcome: Intent.Outcome, _ reason: Reason, _ why: String, _ terms: RequestTerms, _ attempt: Int,
        _ retryAfter: Duration?, _ random: Double
    ) -> RequestJudgement {
        guard let retry = terms.retry, attempt < retry.attempts else { return .failed(outcome, reason, why: why) }
        let policy = RetryPolicy(base: retry.initialDelay, cap: retry.maxDelay)
        let drawn = policy.delay(attempt: attempt, retryAfter: nil, random: random)
        return .again(outcome, reason, after: max(drawn, retryAfter ?? .zero), why: why)
    }

    /// `{ok, status, body}`: the body as JSON when it is, else as a text.
    private static func output(_ response: HTTPResponse) -> JSONValue {
        var object: JSONObject = ["ok": true, "status": .int(Int64(response.status))]
        let body: JSONValue
        if response.body.count <= maxBodyBytes,
            let json = try? JSONValue.parse(
                response.body, limits: JSONLimits(maxBytes: maxBodyBytes, maxDepth: 32, maxValues: 10_000))
        {
            body = json
        } else {
            body = .string(String(decoding: response.body.prefix(maxBodyBytes), as: UTF8.self))
        }
        object.members.append(.init(name: "body", value: body))
        if response.body.count > maxBodyBytes { object.members.append(.init(name: "truncated", value: true)) }
        return .object(object)
    }
}
