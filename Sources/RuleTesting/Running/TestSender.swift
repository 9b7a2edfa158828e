import JSON
import Model
import Webhooks

/// Makes the requests that senders would post: recorded bodies as they are, alerts and commands in short from what they say.
struct TestSender {
    private struct AlertKey: Hashable {
        var source: String
        var labels: [String: String]
    }

    /// When the alerts that are firing began.
    private var began: [AlertKey: Timestamp] = [:]
    private var commands = 0

    /// The request of a delivery at an instant.
    ///
    /// An alert in short begins when it is first fired; fired again it is a repeat, until it was resolved.
    mutating func request(_ delivery: TestDelivery, source: WebhookSource, now: Timestamp) -> WebhookRequest {
        let body: [UInt8]
        switch delivery.content {
        case .bytes(let bytes): body = bytes
        case .alert(let alert):
            let key = AlertKey(source: source.name, labels: alert.labels)
            let startsAt = began[key] ?? now
            began[key] = alert.isFiring ? startsAt : nil
            body = AlertBody.make(alert, source: source, startsAt: startsAt, endsAt: alert.isFiring ? nil : now)
        case .vote(let vote):
            // Which question is meant only the run can tell; until then it is a command without an id.
            body = CommandBody.make(vote.command(""), source: source, number: commands)
        case .command(let command):
            commands += 1
            body = CommandBody.make(command, source: source, number: commands)
        }
        let contentType = source.contentTypes?.first ?? source.kind.contentTypes.first
        return WebhookRequest(headers: delivery.headers, contentType: contentType, body: body, receivedAt: now)
    }
}

/// The bodies of alerts in short, as their senders write them.
enum AlertBody {
    /// Whether a test can give an alert of that kind of source in short.
    static func supports(_ kind: SourceKind) -> Bool {
        kind == .alertmanager || kind == .generic
    }

    static func make(_ alert: TestAlert, source: WebhookSource, startsAt: Timestamp, endsAt: Timestamp?) -> [UInt8] {
        let value =
            source.kind == .generic
            ? generic(alert, source.generic, startsAt: startsAt, endsAt: endsAt)
            : alertmanager(alert, startsAt: startsAt, endsAt: endsAt)
        return value.serialized()
    }

    private static func alertmanager(_ alert: TestAlert, startsAt: Timestamp, endsAt: Timestamp?) -> JSONValue {
        let status: JSONValue = .string(alert.isFiring ? "firing" : "resolved")
        return [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": status, "receiver": "vpsbridge", "groupLabels": [:],
            "commonLabels": [:], "commonAnnotations": [:], "externalURL": "",
            "alerts": [
                [
                    "status": status, "labels": object(alert.labels), "annotations": object(alert.annotations),
                    "startsAt": .string(startsAt.rfc3339), "endsAt": .string(endsAt?.rfc3339 ?? "0001-01-01T00:00:00Z"),
                    "generatorURL": "",
                ]
            ],
        ]
    }

    private static func generic(
        _ alert: TestAlert, _ mapping: GenericMapping, startsAt: Timestamp, endsAt: Timestamp?
    ) -> JSONValue {
        let word = alert.isFiring ? mapping.problemWords.first : mapping.resolvedWords.first
        var value: JSONValue = [:]
        value.set(.string(word ?? "problem"), at: mapping.status)
        value.set(object(alert.labels), at: mapping.labels)
        value.set(object(alert.annotations), at: mapping.annotations)
        value.set(.string(startsAt.rfc3339), at: mapping.startsAt)
        if let endsAt { value.set(.string(endsAt.rfc3339), at: mapping.endsAt) }
        return value
    }

    private static func object(_ texts: [String: String]) -> JSONValue {
        let sorted = texts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .object(JSONObject(sorted.map { JSONObject.Member(name: $0.key, value: .string($0.value)) }))
    }
}

extension TestVote {
    /// What the person types for that question.
    func command(_ id: String) -> TestCommand {
        TestCommand(text: "/vps \(verdict) \(id)", user: user, userName: "tester", channel: CommandBody.channel)
    }
}

/// The bodies of chat commands in short.
enum CommandBody {
    /// Whether people give commands at that kind of source.
    static func supports(_ kind: SourceKind) -> Bool { kind == .slack }

    /// Where people are who say nothing else.
    static let channel = "C0TEST"

    static func make(_ command: TestCommand, source: WebhookSource, number: Int) -> [UInt8] {
        let words = command.text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        let fields = [
            ("command", words.first.map { String(decoding: $0, as: UTF8.self) } ?? ""),
            ("text", words.count > 1 ? String(decoding: words[1], as: UTF8.self) : ""),
            ("user_id", command.user), ("user_name", command.userName), ("channel_id", command.channel), ("team_id", "T0TEST"),
            ("trigger_id", "rule-test-\(number)"), ("response_url", source.responseURLPrefix + "commands/rule-test"),
        ]
        return Array(fields.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&").utf8)
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                bytes.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONValue {
    /// Puts a value at a JSON pointer, objects made on the way; a pointer to the whole leaves the document as it is.
    fileprivate mutating func set(_ value: JSONValue, at pointer: String) {
        let names = pointer.utf8.split(separator: UInt8(ascii: "/")).map { part in
            String(decoding: part, as: UTF8.self).replacing("~1", with: "/").replacing("~0", with: "~")
        }
        set(value, at: names[...])
    }

    private mutating func set(_ value: JSONValue, at names: ArraySlice<String>) {
        guard let name = names.first else { return }
        var object = objectValue ?? JSONObject()
        let place = object.members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
        var member = place.map { object.members[$0].value } ?? [:]
        if names.count == 1 { member = value } else { member.set(value, at: names.dropFirst()) }
        if let place {
            object.members[place].value = member
        } else {
            object.members.append(.init(name: name, value: member))
        }
        self = .object(object)
    }
}
