import JSON
import Model
import Store

extension FleetState {
    /// The state as `vpsbridge status` shows it.
    var line: String {
        let end =
            switch kind {
            case .storm: "until \(dueAt.rfc3339), if it stays quiet"
            case .blind: "until the servers can be seen, which is tried again at \(dueAt.rfc3339)"
            }
        let begin = since.map { "since \($0.rfc3339) " } ?? ""
        return "\(kind.rawValue.uppercased().padding(to: 14))rules change nothing \(begin)\(end): \(detail)".printable
    }

    var json: JSONValue {
        [
            "state": .string(kind.rawValue), "since": .optional(since?.rfc3339), "until": .optional(until?.rfc3339),
            "looked_at": .string(dueAt.rfc3339), "reason": .string(detail),
        ]
    }

    /// When it ends by itself if nothing new happens; `nil` for blindness, which ends when the servers can be seen.
    private var until: Timestamp? { kind == .storm ? dueAt : nil }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - utf8.count)) }
}
