import FoundationEssentials
import JSON
import Model
import Webhooks

/// A recorded request of `../shared/webhook-fixtures` with what must become of it.
struct WebhookFixture: Sendable, CustomStringConvertible {
    var kind: SourceKind
    var name: String
    var request: WebhookRequest
    var clock: Timestamp
    var secret: Secret
    var verdict: String
    var replyStatuses: [String]
    var mayAct: Bool

    var description: String { "\(kind.rawValue)/\(name)" }

    /// The source that the fixture's sender is configured as.
    var source: WebhookSource {
        switch kind {
        case .alertmanager: WebhookSource(name: "am", kind: kind, authentication: .bearer([secret]))
        case .generic:
            // Apprise names no problem: its title stands for one.
            WebhookSource(
                name: "apprise", kind: kind, authentication: .header(name: "X-Token", secrets: [secret]),
                generic: GenericMapping(status: "/type", fingerprint: "/title"))
        case .slack: WebhookSource(name: "chat", kind: kind, authentication: .slackSignature([secret]))
        }
    }

    /// The fixtures of the kinds that the bridge reads; empty when the folder is not there.
    static let all: [WebhookFixture] = load()
    static var arePresent: Bool { !all.isEmpty }

    private static var folder: URL {
        URL(filePath: #filePath).appending(path: "../../../../../shared/webhook-fixtures").standardized
    }

    private static func bytes(_ path: String) -> [UInt8]? {
        (try? Data(contentsOf: folder.appending(path: path))).map { Array($0) }
    }

    private static func load() -> [WebhookFixture] {
        guard let manifest = bytes("manifest.json").flatMap({ try? JSONValue.parse($0) }) else { return [] }
        return (manifest["fixtures"]?.arrayValue ?? []).compactMap(WebhookFixture.init)
    }

    private init?(_ entry: JSONValue) {
        guard let kind = entry["kind"]?.stringValue.flatMap(SourceKind.init), let name = entry["name"]?.stringValue,
            let body = entry["body"]?.stringValue.flatMap(Self.bytes),
            let headerFile = entry["headers"]?.stringValue.flatMap(Self.bytes),
            let clock = entry["clock"]?.intValue, let secret = entry["secret"]?.stringValue,
            let verdict = entry["verdict"]?.stringValue
        else { return nil }
        let lines = String(decoding: headerFile, as: UTF8.self).split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        self.kind = kind
        self.name = name
        self.clock = Timestamp(seconds: clock)
        self.secret = Secret(secret)
        self.verdict = verdict
        replyStatuses = (entry["reply_status"]?.arrayValue ?? []).compactMap(\.stringValue)
        mayAct = entry["may_act"] == true
        request = WebhookRequest(
            headers: headers, contentType: headers.first { $0.name.lowercased() == "content-type" }?.value, body: body,
            receivedAt: Timestamp(seconds: clock))
    }

    /// What the bridge makes of the fixture: the status of the answer, and the events that are stored.
    func outcome() -> (status: Int, decoded: DecodedWebhook?) {
        do throws(WebhookRejection) {
            try Webhooks.authenticate(request, source: source, now: clock)
            let decoded = try Webhooks.decode(request, source: source)
            return (decoded.immediate?.reply.status ?? Webhooks.successReply(source).status, decoded)
        } catch {
            return (error.status, nil)
        }
    }
}
