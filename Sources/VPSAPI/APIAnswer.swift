import CurlTransport
import Model

/// Reads what became of a call.
struct APIAnswer {
    let call: APICall
    let token: Secret

    /// The response when its status is 2xx.
    func read(_ outcome: HTTPOutcome) throws(APIError) -> HTTPResponse {
        switch outcome {
        case .notSent(let error):
            throw APIError(code: .notSent, certainty: .notExecuted, transport: error.code, detail: error.description)
        case .maybeSent(let error):
            return try cut(error)
        case .response(let response):
            guard !(200..<300).contains(response.status) else { return response }
            throw failure(response.status, response: response, detail: PrintableText.excerpt(response.body, hiding: token))
        }
    }

    /// No whole response; but a status that arrived says what the server did, also when the body broke off.
    private func cut(_ error: TransportError) throws(APIError) -> HTTPResponse {
        guard let status = error.status else {
            throw APIError(
                code: .outcomeUnknown, certainty: call.changes ? .unknown : .notExecuted, transport: error.code,
                detail: error.description)
        }
        guard (200..<300).contains(status) else {
            throw failure(status, response: nil, transport: error.code, detail: error.description)
        }
        guard call.needsBody else { return HTTPResponse(status: status) }
        throw APIError(
            code: .outcomeUnknown, certainty: call.changes ? .unknown : .notExecuted, status: status, transport: error.code,
            detail: error.description)
    }

    private func failure(
        _ status: Int, response: HTTPResponse?, transport: TransportError.Code? = nil, detail: String
    ) -> APIError {
        let meaning = StatusMeaning(status)
        var detail = detail
        if meaning.code == .redirected, let host = response.flatMap(redirectHost) {
            detail = "the API answers with a redirect to \(host): check the base URL"
        }
        return APIError(
            code: meaning.code, certainty: call.changes ? meaning.certainty : .notExecuted, status: status,
            retryAfter: response?.retryAfter, transport: transport, detail: detail)
    }

    /// The host alone: paths and queries of redirects carry session tokens.
    private func redirectHost(_ response: HTTPResponse) -> String? {
        guard let location = response.header("Location") else { return nil }
        guard let origin = (try? HTTPURL(location))?.origin else { return "another path" }
        return PrintableText.excerpt(Array(origin.utf8), hiding: token)
    }
}
