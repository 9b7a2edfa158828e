/// What became of a request, and what was measured of it.
package struct HTTPExchange: Sendable {
    package let outcome: HTTPOutcome
    package let attempt: HTTPAttempt

    package init(outcome: HTTPOutcome, attempt: HTTPAttempt) {
        self.outcome = outcome
        self.attempt = attempt
    }
}
