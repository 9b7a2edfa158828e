import Model

/// A part of the time that an attempt takes; the parts of an attempt follow each other and add up to its whole.
enum AttemptPhase: String, Sendable, Hashable, CaseIterable {
    /// Waiting for admission, before libcurl has it.
    case queue
    case nameLookup = "name_lookup"
    /// The TCP handshake.
    case connect
    case tls
    /// From there to the response's first byte: the request on its way, and the server at work.
    case wait
    /// From the first byte to the last that arrived.
    case transfer
}

extension HTTPAttempt {
    /// The phases that took place, each with how long it took. A phase in which the attempt failed has no end and is not listed.
    var phases: [(phase: AttemptPhase, duration: Duration)] {
        var phases: [(phase: AttemptPhase, duration: Duration)] = [(.queue, queued)]
        guard let timings else { return phases }
        var mark = Duration.zero
        for (phase, end) in [
            (AttemptPhase.nameLookup, timings.nameLookup), (.connect, timings.connect), (.tls, timings.tls),
            (.wait, timings.firstByte),
        ] where end > .zero {
            phases.append((phase, max(end - mark, .zero)))
            mark = max(end, mark)
        }
        if timings.firstByte > .zero { phases.append((.transfer, max(timings.total - mark, .zero))) }
        return phases
    }

    /// From the request's arrival to its outcome.
    var whole: Duration { queued + (timings?.total ?? .zero) }
}

extension Duration {
    /// The span in seconds, by way of whole microseconds: libcurl measures no finer, and a sum of 30 ms shows as 0.03.
    var inMetricSeconds: Double { Double(wholeMicroseconds) / 1e6 }
}
