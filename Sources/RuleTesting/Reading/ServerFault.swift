import CurlTransport
import VPSAPI

/// What can go wrong with a request to VPS.org, in the words of a test.
enum ServerFault: String, CaseIterable {
    case refused
    case unauthorized
    case paymentRequired = "payment_required"
    case notFound = "not_found"
    case rateLimited = "rate_limited"
    case serverError = "server_error"
    /// Nothing of it left.
    case unreachable
    /// It was done, and the answer was lost.
    case lost
    /// It was answered well, and nothing was done.
    case nothing

    var fault: FakeServersAPI.Fault {
        switch self {
        case .refused: .fail(APIError(code: .badRequest, certainty: .notExecuted, status: 400, detail: "refused by the test"))
        case .unauthorized:
            .fail(APIError(code: .unauthorized, certainty: .notExecuted, status: 401, detail: "the token is not valid"))
        case .paymentRequired:
            .fail(APIError(code: .paymentRequired, certainty: .notExecuted, status: 402, detail: "no credit is left"))
        case .notFound: .fail(APIError(code: .notFound, certainty: .notExecuted, status: 404, detail: "not found"))
        case .rateLimited:
            .fail(
                APIError(
                    code: .rateLimited, certainty: .notExecuted, status: 429, retryAfter: .seconds(30), detail: "slow down"))
        case .serverError: .fail(APIError(code: .serverError, certainty: .unknown, status: 503, detail: "not available"))
        case .unreachable: .fail(APIError(code: .notSent, certainty: .notExecuted, transport: .connect, detail: "no connection"))
        case .lost:
            .failAfterApply(
                APIError(code: .outcomeUnknown, certainty: .unknown, transport: .reset, detail: "the answer was lost"))
        case .nothing: .doNothing
        }
    }
}
