import FoundationEssentials
import HTTPTypes
import JSON
import Logging
import Model
import Testing
import Webhooks

@testable import Inbound

/// A recorded request with the answers that are right for it.
private struct InboundFixture: Sendable, CustomTestStringConvertible {
    var name: String
    var path: String
    var headers: HTTPFields
    var body: [UInt8]
    var clock: Int64
    var secret: String
    var allowed: [String]

    var testDescription: String { name }

    private static let root = URL(filePath: #filePath).appending(path: "../../../../../shared/webhook-fixtures")
        .standardizedFileURL

    /// The fixtures of the kinds that are spoken; none when the folder is not there.
    static let all: [InboundFixture] = (try? load()) ?? []

    private static func load() throws -> [InboundFixture] {
        let manifest = try JSONValue.parse(Array(Data(contentsOf: root.appending(path: "manifest.json"))))
        return try (manifest["fixtures"]?.arrayValue ?? []).compactMap { entry in
            guard let kind = entry["kind"]?.stringValue, SourceKind(rawValue: kind) != nil, kind != "generic",
                let headers = entry["headers"]?.stringValue, let body = entry["body"]?.stringValue,
                let name = entry["name"]?.stringValue, let clock = entry["clock"]?.intValue,
                let secret = entry["secret"]?.stringValue, let allowed = entry["reply_status"]?.arrayValue
            else { return nil }
            let text = String(decoding: try Data(contentsOf: root.appending(path: headers)), as: UTF8.self)
            return InboundFixture(
                name: "\(kind)/\(name)", path: "/hooks/\(kind)", headers: fields(text),
                body: Array(try Data(contentsOf: root.appending(path: body))), clock: clock, secret: secret,
                allowed: allowed.compactMap(\.stringValue))
        }
    }

    private static func fields(_ text: String) -> HTTPFields {
        var fields = HTTPFields()
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else { continue }
            // The test client sends its own.
            guard !["host", "content-length"].contains(name.canonicalName) else { continue }
            fields.append(HTTPField(name: name, value: String(line[colon...].dropFirst().drop { $0 == " " })))
        }
        return fields
    }
}

@Suite("Inbound: recorded and hostile requests", .timeLimit(.minutes(1)))
struct InboundFixtureTests {
    @Test(
        "is answered as its sender needs it",
        .enabled(if: !InboundFixture.all.isEmpty, "../shared/webhook-fixtures is not there"), arguments: InboundFixture.all)
    fileprivate func answer(fixture: InboundFixture) async throws {
        let secret = Secret(fixture.secret)
        let store = InboundFakeStore()
        let clock = InboundClock()
        clock.advance(by: Timestamp(seconds: fixture.clock).since(InboundClock.start))
        let server = IngestServer(
            configuration: IngestConfiguration(host: "127.0.0.1", port: 0),
            sources: [
                "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .bearer([secret])),
                "slack": WebhookSource(name: "slack", kind: .slack, authentication: .slackSignature([secret])),
            ], store: store, clock: clock, onAccepted: {}, answerCommand: { _ in nil }, readiness: { true },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let answer = try await InboundBench.listening(server, port: server.boundPort) { port in
            try await InboundBench.send(fixture.path, fixture.headers, fixture.body, port: port)
        }
        let isSuccess = (200..<300).contains(answer.status)
        #expect(fixture.allowed.contains { $0 == String(answer.status) || ($0 == "2xx" && isSuccess) }, "\(answer.status)")
        if !isSuccess { #expect(store.accepted.isEmpty) }
    }
}
