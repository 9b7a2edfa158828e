package import Model

extension UpstreamState {
    /// How the gate of an upstream stands, in the Prometheus text format.
    package func render(into text: inout MetricsText, upstream: UpstreamName) {
        let upstream = upstream.rawValue
        renderBreakers(into: &text, upstream: upstream)
        func gauge(_ name: String, _ help: String, _ value: some Numeric & CustomStringConvertible) {
            text.family("vpsbridge_http_client_\(name)", .gauge, help)
            text.sample(["upstream": upstream], value)
        }
        gauge("retry_tokens", "Tokens that are left for repeats.", retryTokens)
        gauge("rate_limit_per_second", "Requests per second that are let out at present.", rate)
        gauge("rate_tokens", "Requests that could go at once.", rateTokens)
        gauge("asked_to_wait", "Whether Retry-After keeps every request back.", askedToWaitUntil == nil ? 0 : 1)
        text.family("vpsbridge_http_client_gate_in_flight", .gauge, "Requests under way by kind, as the gate counts them.")
        text.sample(["upstream": upstream, "kind": "read"], readsInFlight)
        text.sample(["upstream": upstream, "kind": "mutate"], mutationsInFlight)
        text.family("vpsbridge_http_client_let_out_total", .counter, "Requests that the gate let out.")
        text.sample(["upstream": upstream], admitted)
        text.family("vpsbridge_http_client_held_back_total", .counter, "Times that the gate let nothing out, by reason.")
        for reason in GateReason.allCases {
            text.sample(["upstream": upstream, "reason": reason.rawValue], refusals[reason] ?? 0)
        }
    }

    private func renderBreakers(into text: inout MetricsText, upstream: String) {
        text.family("vpsbridge_http_client_breaker", .gauge, "Circuit breakers: 1 for the state that each is in.")
        for breaker in Breaker.allCases {
            for state in BreakerState.allCases {
                text.sample(
                    ["upstream": upstream, "breaker": breaker.rawValue, "state": state.rawValue],
                    breakers[breaker] == state ? 1 : 0)
            }
        }
    }
}
