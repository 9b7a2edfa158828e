package import Model

/// The right to send one request; given back to the gate with what became of it.
package struct GatePermit: Sendable, Hashable {
    package let id: UInt64
    package let kind: RequestClass
    package let admittedAt: Timestamp
    /// The breakers whose probe it is: its answer decides whether others may go.
    let probes: Set<Breaker>

    /// The breakers of a gate.
    enum Breaker: Hashable, CaseIterable {
        case configuration, read, mutate
    }

    package var isProbe: Bool { !probes.isEmpty }
}

/// What a gate says to a request that wants out.
package enum Admission: Sendable, Hashable {
    case admitted(GatePermit)
    /// Not now; not before `until`.
    case refused(GateReason, until: Timestamp)
}

/// What a gate would say to a request.
package enum Outlook: Sendable, Hashable {
    /// It would be let out now.
    case clear
    /// It would be let out once a list was read, which may be read now.
    case probe
    /// Not now; worth asking again at `until`.
    case refused(GateReason, until: Timestamp)
}
