/// What a status code that is not 2xx says of a request.
struct StatusMeaning: Equatable {
    let code: APIError.Code
    /// For a changing request; a read changes nothing whatever the status.
    let certainty: APIError.Certainty

    init(_ status: Int) {
        switch status {
        case 400: (code, certainty) = (.badRequest, .notExecuted)
        case 401: (code, certainty) = (.unauthorized, .notExecuted)
        case 402: (code, certainty) = (.paymentRequired, .notExecuted)
        case 403: (code, certainty) = (.forbidden, .notExecuted)
        case 404: (code, certainty) = (.notFound, .notExecuted)
        case 409: (code, certainty) = (.conflict, .unknown)
        case 425, 429: (code, certainty) = (.rateLimited, .notExecuted)
        // A 408 may be a gateway's that gave up waiting for a server that had the request.
        case 408, 500...599: (code, certainty) = (.serverError, .unknown)
        // These three ask for the same request elsewhere, so it was not performed here; a 302 or 303 may follow a performed POST
        // (RFC 9110, 15.4).
        case 301, 307, 308: (code, certainty) = (.redirected, .notExecuted)
        case 300...399: (code, certainty) = (.redirected, .unknown)
        // Client errors by which a server refuses a request it has not performed (RFC 9110, 15.5).
        case 405, 406, 410, 411, 413, 414, 415, 417, 421, 422, 426, 428, 431, 451:
            (code, certainty) = (.unexpectedStatus, .notExecuted)
        default: (code, certainty) = (.unexpectedStatus, .unknown)
        }
    }
}
