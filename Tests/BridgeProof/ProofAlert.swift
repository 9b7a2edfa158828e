import Model

/// One alert of a delivery.
struct ProofAlert: Sendable, CustomStringConvertible {
    let source: String
    let problem: String
    let server: Int
    let isFiring: Bool
    let startsAt: Timestamp
    let endsAt: Timestamp?
    /// Whether a second rule matches it too.
    var isTwice = false

    var key: ProofKey { ProofKey(source: source, problem: problem, server: server) }

    var description: String {
        "\(isFiring ? "firing" : "resolved") \(key) from \(startsAt.since(ProofClock.start).inSeconds)"
            + (endsAt.map { " to \($0.since(ProofClock.start).inSeconds)" } ?? "")
    }

    /// A webhook of Alertmanager with these alerts.
    static func body(_ alerts: [ProofAlert]) -> String {
        let list = alerts.map { alert in
            """
            {"status":"\(alert.isFiring ? "firing" : "resolved")","labels":{"alertname":"\(alert.problem)",\
            "server":"\(ProofFleet.name(alert.server))"\(alert.isTwice ? ",\"twice\":\"yes\"" : "")},"annotations":{},\
            "startsAt":"\(alert.startsAt.rfc3339)","endsAt":"\(alert.endsAt?.rfc3339 ?? "0001-01-01T00:00:00Z")",\
            "fingerprint":"\(alert.problem)/\(alert.server)"}
            """
        }
        return "{\"version\":\"4\",\"status\":\"firing\",\"alerts\":[\(list.joined(separator: ","))]}"
    }
}

/// What tells a problem apart.
struct ProofKey: Hashable, Sendable, CustomStringConvertible {
    let source: String
    let problem: String
    let server: Int

    var description: String { "\(problem) \(ProofFleet.name(server)) by \(source)" }
}
