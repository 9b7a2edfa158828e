import CurlTransport
import JSON
import Model
import Store
import VPSAPI

/// Sends what an intent on disk says, once, and reports what became of it.
struct RequestSender {
    let api: any ServersAPI
    let transport: any HTTPTransport
    let secrets: [String: Secret]
    let brakes: Brakes
    let clock: any TimeSource

    /// Sends a request of the Servers API; not when the worker can not be sure that the run is still its own, and not when it was
    /// stopped since its intent was written.
    func send(_ intent: Intent, of subject: PauseSubject, isTrusted: Bool) async -> RunInput {
        let isCreate = intent.operation == .create
        guard isTrusted else { return isCreate ? .created(.failure(.leaseLost)) : .answer(.failure(.leaseLost)) }
        // The brakes are looked at last: nothing stands between them and the request.
        let now = clock.now()
        if let refusal = brakes.standstill.refusal(of: subject, now: now) {
            let error = APIError.stopped(refusal)
            return isCreate ? .created(.failure(error)) : .answer(.failure(error))
        }
        do throws(APIError) {
            return isCreate ? .created(.success(try await create(intent))) : .answer(.success(try await change(intent)))
        } catch {
            return isCreate ? .created(.failure(error)) : .answer(.failure(error))
        }
    }

    private func create(_ intent: Intent) async throws(APIError) -> Server {
        let request: CreateServer
        do throws(CreateServerError) {
            request = try CreateServer(json: intent.request?.body ?? .null)
        } catch {
            throw APIError(
                code: .notSent, certainty: .notExecuted, detail: "the stored request can not be read: \(error.message)")
        }
        return try await api.create(request)
    }

    private func change(_ intent: Intent) async throws(APIError) -> String {
        guard let server = intent.server, let operation = intent.operation else { throw .noStep(intent) }
        switch operation {
        case .reboot: return try await api.reboot(server).message ?? "no message"
        case .start: return try await api.start(server).message ?? "no message"
        case .stop: return try await api.stop(server).message ?? "no message"
        case .delete:
            try await api.delete(server)
            return "deleted"
        case .replace:
            guard let fields = intent.fields?.whole else { throw .noStep(intent) }
            return "replaced; it is \(try await api.replace(server, fields).status)"
        case .update:
            guard let fields = intent.fields else { throw .noStep(intent) }
            return "updated; it is \(try await api.update(server, fields).status)"
        case .list, .create, .get: throw .noStep(intent)
        }
    }

    /// Sends a request to another API. What its answer repeats of the secrets is struck out before anything keeps it.
    func send(_ request: PreparedRequest, of subject: PauseSubject, isTrusted: Bool) async -> RequestReply {
        guard isTrusted else {
            return .outcome(.notSent(TransportError(.other, "the worker was held up for too long to send this safely")))
        }
        let now = clock.now()
        if let refusal = brakes.standstill.refusal(of: subject, now: now) { return .stopped(refusal.detail) }
        do throws(HTTPRequestError) {
            switch await transport.send(try request.request()) {
            case .response(let response):
                let body = PrintableText.hiding(Array(secrets.values), in: response.body)
                return .outcome(.response(HTTPResponse(status: response.status, headers: response.headers, body: body)))
            case let other:
                return .outcome(other)
            }
        } catch {
            return .unsendable(error.reason)
        }
    }
}

extension APIError {
    /// Nothing was sent, since the worker can not be sure that the run is still its own.
    fileprivate static let leaseLost = APIError(
        code: .notSent, certainty: .notExecuted, detail: "the worker was held up for too long to send this safely")

    /// Nothing was sent, since it was stopped.
    fileprivate static func stopped(_ refusal: Refusal) -> APIError {
        APIError(code: .heldBack, certainty: .notExecuted, detail: refusal.detail)
    }

    fileprivate static func noStep(_ intent: Intent) -> APIError {
        APIError(code: .notSent, certainty: .notExecuted, detail: "\(intent.kind.rawValue) is no step of a run")
    }
}
