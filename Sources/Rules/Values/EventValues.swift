import JSON
import Model

/// An event as expressions see it; made once and used for every rule.
///
/// Maps and the sender's own object are made only when an expression reads them. Not shared between threads.
final class EventValues {
    private let event: Event
    /// Under their whole names, `event.status`; maps, `event.payload` and `event` are made when first asked for.
    private var values: [String: CELValue] = [:]

    init(_ event: Event) {
        self.event = event
        set("source", .string(event.source))
        set("status", .string(event.status.rawValue))
        set("fingerprint", .string(event.fingerprint))
        set("starts_at", event.startsAt.flatMap { CELTimestamp($0) }.map(CELValue.timestamp))
        set("ends_at", event.endsAt.flatMap { CELTimestamp($0) }.map(CELValue.timestamp))
        set("received_at", CELTimestamp(event.receivedAt).map(CELValue.timestamp))
        guard let command = event.command else { return }
        set("user", .map(CELMap(texts: [("id", .string(command.userID)), ("name", .string(command.userName))])))
        set("channel", .string(command.channelID))
        set("team", .string(command.teamID))
        set("command", .string(command.name))
        set("text", .string(command.text))
    }

    /// The value of `event` or of one of its fields under its whole name.
    func value(named name: String) -> CELValue? {
        if let known = values[name] { return known }
        switch name {
        case "event.labels":
            set("labels", Self.map(event.labels))
            return values[name]
        case "event.annotations":
            set("annotations", Self.map(event.annotations))
            return values[name]
        case "event.payload":
            set("payload", CELValue(event.payload))
            return values[name]
        case "event":
            for part in ["labels", "annotations", "payload"] { _ = value(named: "event.\(part)") }
            let fields = EventSchema.fields.compactMap { field in values["event.\(field)"].map { (field, $0) } }
            values[name] = .map(CELMap(texts: fields))
            return values[name]
        default: return nil
        }
    }

    private func set(_ field: String, _ value: CELValue?) {
        values["event.\(field)"] = value
    }

    /// In the order of their bytes, so that whoever walks the labels meets them in the same order every time.
    private static func map(_ texts: [String: String]) -> CELValue {
        let sorted = texts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .map(CELMap(texts: sorted.map { ($0.key, .string($0.value)) }))
    }
}
