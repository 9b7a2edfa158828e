import Model
import Tracing

/// What a span tells of an attempt, under OpenTelemetry's names for HTTP clients (semantic conventions 1.37, stable part) and, where
/// there is none, under `vpsbridge.`.
///
/// The conventions' `url.full` is left out: paths and queries of webhook addresses are secrets.
enum AttemptSpan {
    /// What is known before it is sent.
    static func begin(_ span: any Span, _ request: HTTPRequest, _ upstream: UpstreamName) {
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.method.rawValue
            attributes["url.scheme"] = request.target.isSecure ? "https" : "http"
            attributes["server.address"] = request.target.host
            attributes["server.port"] = Int(request.target.port)
            attributes["vpsbridge.upstream"] = upstream.rawValue
        }
    }

    /// What became of it, and what was measured.
    static func end(_ span: any Span, _ exchange: HTTPExchange) {
        let attempt = exchange.attempt
        let result = AttemptResult(exchange.outcome)
        span.updateAttributes { attributes in
            attributes["vpsbridge.http.outcome"] = result.outcome
            attributes["vpsbridge.http.connection.reused"] = attempt.isConnectionReused
            attributes["http.request.size"] = attempt.bytesSent
            attributes["http.response.size"] = attempt.bytesReceived
            if attempt.requestsReleased > 1 {
                attributes["http.request.resend_count"] = attempt.requestsReleased - 1
            }
            for (phase, duration) in attempt.phases {
                attributes["vpsbridge.http.\(phase.rawValue).duration"] = duration.inMetricSeconds
            }
            switch exchange.outcome {
            case .response(let response):
                attributes["http.response.status_code"] = response.status
                if response.status >= 400 { attributes["error.type"] = String(response.status) }
            case .notSent(let error), .maybeSent(let error):
                if let status = error.status { attributes["http.response.status_code"] = status }
                attributes["error.type"] = error.code.rawValue
            }
        }
        switch exchange.outcome {
        case .response(let response):
            // Without a text: the status says it, as the conventions want it.
            if response.status >= 400 { span.setStatus(SpanStatus(code: .error)) }
        case .notSent(let error), .maybeSent(let error):
            span.setStatus(SpanStatus(code: .error, message: error.description))
        }
    }
}
