package import CurlTransport
import JSON
package import Logging
package import Model
import ServiceLifecycle
package import Store

/// A channel that messages go to, as configured.
package struct Channel: Sendable {
    /// Where a JSON body `{"text": …}` is posted: a Slack or Mattermost incoming webhook, or any receiver of that shape. Secret, since
    /// such addresses carry their credentials.
    package var url: Secret

    package init(url: Secret) {
        self.url = url
    }
}

/// Delivers the messages of the outbox, at least once each, with back-off.
package struct Notifier: Service {
    /// How often a message is tried before it is given up.
    static let maxAttempts = 8
    /// How long a message is hidden from others while it is being sent.
    static let sendTime = Duration.seconds(60)
    static let batchSize = 16

    private let store: any Store
    private let queries: any Queries
    private let transport: any HTTPTransport
    private let channels: [String: Channel]
    /// Per source, what an address for answers must begin with.
    private let responsePrefixes: [String: String]
    private let clock: any TimeSource
    private let doorbell: Doorbell
    private let logger: Logger

    package init(
        store: any Store, queries: any Queries, transport: any HTTPTransport, channels: [String: Channel],
        responsePrefixes: [String: String], clock: any TimeSource, doorbell: Doorbell, logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.transport = transport
        self.channels = channels
        self.responsePrefixes = responsePrefixes
        self.clock = clock
        self.doorbell = doorbell
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    if try await deliverOnce() == 0 { await doorbell.wait(atMost: try await idleTime()) }
                } catch {
                    logger.error("the notifier waits for the store", metadata: ["error": "\(error)"])
                    await doorbell.wait(atMost: .seconds(1))
                }
            }
        }
    }

    /// Sends the messages that are due.
    /// - Returns: how many there were.
    package func deliverOnce() async throws(StoreError) -> Int {
        let now = clock.now()
        let messages = try await store.claimMessages(now: now, hiddenUntil: now + Self.sendTime, limit: Self.batchSize)
        for message in messages {
            let result = await deliver(message)
            if case .failed(let why) = result {
                logger.error("a message was given up", metadata: ["message": "\(message.id)", "why": "\(why)"])
            }
            try await store.finishMessage(message.id, result, now: clock.now())
        }
        return messages.count
    }

    private func idleTime() async throws(StoreError) -> Duration {
        guard let due = try await queries.nextMessageDue() else { return .seconds(30) }
        return min(.seconds(30), max(.milliseconds(10), due.since(clock.now())))
    }

    private func deliver(_ message: OutboxMessage) async -> MessageResult {
        guard let target = target(of: message) else { return .failed("no such channel, or an address that is not allowed") }
        let request: HTTPRequest
        do {
            request = try HTTPRequest(
                method: .post, url: target.url, headers: [("Content-Type", "application/json")], body: target.body,
                isReplayable: false, totalTimeout: .seconds(20), connectTimeout: .seconds(5), destination: target.destination)
        } catch {
            return .failed("the address can not be used: \(error.reason)")
        }
        switch await transport.send(request) {
        case .response(let response) where (200..<300).contains(response.status):
            return .delivered
        case .response(let response) where response.status >= 500 || response.status == 429:
            return again(message, why: "status \(response.status)")
        case .response(let response):
            return .failed("status \(response.status)")
        case .notSent(let error), .maybeSent(let error):
            return again(message, why: error.code.rawValue)
        }
    }

    private func target(of message: OutboxMessage) -> (url: String, body: [UInt8], destination: HTTPRequest.Destination)? {
        switch message.destination {
        case .channel(let name):
            guard let channel = channels[name] else { return nil }
            return (
                String(decoding: channel.url.reveal(), as: UTF8.self),
                JSONValue.object(["text": .string(message.text)]).serialized(), .configured
            )
        case .response(let source, let url):
            guard let prefix = responsePrefixes[source], url.utf8.starts(with: prefix.utf8),
                let destination = try? ResponseDestination.of(prefix: prefix)
            else { return nil }
            let body: JSONValue = ["response_type": "ephemeral", "text": .string(message.text)]
            return (url, body.serialized(), destination)
        }
    }

    private func again(_ message: OutboxMessage, why: String) -> MessageResult {
        guard message.attempts < Self.maxAttempts else { return .failed("\(why), \(message.attempts) attempts") }
        return .retry(at: clock.now() + .seconds(min(300, 2 << min(message.attempts, 8))))
    }
}
