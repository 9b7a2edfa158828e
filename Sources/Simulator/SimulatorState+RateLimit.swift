import Model

/// A rate limit as Django REST Framework's throttles keep it: so many requests in any window of that length.
extension SimulatorState {
    /// The refusal of a request that is one too many; a request that is let through is counted.
    mutating func throttle(now: Timestamp) -> SimulatedResponse? {
        guard let most = options.rateLimit else {
            recent = []
            return nil
        }
        recent.removeAll { $0 + options.rateWindow <= now }
        guard recent.count >= max(1, most), let oldest = recent.first else {
            recent.append(now)
            return nil
        }
        let wait = (oldest + options.rateWindow).since(now).wholeMicroseconds
        let seconds = max(1, (wait + 999_999) / 1_000_000)
        return .detail(
            429, "Request was throttled. Expected available in \(seconds) seconds.",
            headers: [.init(name: "Retry-After", value: String(seconds))])
    }
}
