package import CurlTransport
import JSON
package import Logging
package import Model
import ServiceLifecycle
package import Store
import Synchronization

/// A channel that messages go to, as configured.
package struct Channel: Sendable {
    /// Where a JSON body `{"text": …}` is posted: a Slack or Mattermost incoming webhook, or any receiver of that shape. Secret, since
    /// such addresses carry their credentials.
    package var url: Secret

    package init(url: Secret) {
        self.url = url
    }
}

/// Delivers the messages of the outbox, at least once each, with back-off, several at once.
///
/// Answers to commands go first and have places of their own, and a receiver that is slow or away keeps nobody else's messages
/// waiting: see ``NotificationLanes``.
package struct Notifier: Service {
    /// How often a message is tried before it is given up; tries while its receiver is away do not count.
    static let maxAttempts = 8
    /// How old a message may become.
    static let maxAge = Duration.seconds(86_400)
    /// How long a message is hidden from others while it is being sent.
    static let sendTime = Duration.seconds(60)
    static let backOff = RetryPolicy(base: .seconds(5), cap: .seconds(300))

    private let store: any Store
    private let queries: any Queries
    private let transport: any HTTPTransport
    private let channels: [String: Channel]
    /// Per source, what an address for answers must begin with.
    private let responsePrefixes: [String: String]
    private let clock: any TimeSource
    private let doorbell: Doorbell
    private let random: @Sendable () -> Double
    private let logger: Logger
    private let lanes = NotificationPlaces()
    private let underWay = UnderWay()

    /// `random` gives numbers from 0 to below 1, for the back-off.
    package init(
        store: any Store, queries: any Queries, transport: any HTTPTransport, channels: [String: Channel],
        responsePrefixes: [String: String], clock: any TimeSource, doorbell: Doorbell,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.transport = transport
        self.channels = channels
        self.responsePrefixes = responsePrefixes
        self.clock = clock
        self.doorbell = doorbell
        self.random = random
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    do throws(StoreError) {
                        let claimed = try await claim()
                        underWay.begin(claimed.count)
                        for message in claimed {
                            group.addTask {
                                await settle(message)
                                underWay.end()
                                doorbell.ring()
                            }
                        }
                        if claimed.isEmpty { await doorbell.wait(atMost: try await idleTime()) }
                    } catch {
                        logger.error("the notifier waits for the store", metadata: ["error": "\(error)"])
                        await doorbell.wait(atMost: .seconds(1))
                    }
                }
            }
        }
    }

    /// Sends the messages that are due, at once, and waits for all of them.
    /// - Returns: how many there were.
    package func deliverOnce() async throws(StoreError) -> Int {
        let messages = try await claim()
        await withDiscardingTaskGroup { group in
            for message in messages {
                group.addTask { await settle(message) }
            }
        }
        return messages.count
    }

    /// Takes as many due messages as may be under way.
    private func claim() async throws(StoreError) -> [OutboxMessage] {
        let now = clock.now()
        let free = min(lanes.free, NotificationLanes.capacity - underWay.count)
        guard free > 0 else { return [] }
        return try await store.claimMessages(now: now, hiddenUntil: now + Self.sendTime, limit: free)
    }

    /// Sends one message and writes what became of it.
    private func settle(_ message: OutboxMessage) async {
        let result = await deliver(message)
        if case .failed(let why) = result {
            logger.error("a message was given up", metadata: ["message": "\(message.id)", "why": "\(why)"])
        }
        do throws(StoreError) {
            try await store.finishMessage(message.id, result, now: clock.now())
        } catch {
            // It is due again when its time is over, and sent again.
            logger.error("a message could not be settled", metadata: ["message": "\(message.id)", "error": "\(error)"])
        }
    }

    private func idleTime() async throws(StoreError) -> Duration {
        // The bell rings when one of them is done.
        guard underWay.count < NotificationLanes.capacity else { return .seconds(30) }
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
        return await send(request, for: message)
    }

    private func send(_ request: HTTPRequest, for message: OutboxMessage) async -> MessageResult {
        // Also when its receiver is away and nothing was tried: an outbox has an end.
        guard clock.now().since(message.createdAt) < Self.maxAge else { return .failed("too old") }
        let lane = NotificationLanes.Lane(isAnswer: message.isAnswer, origin: request.target.origin)
        switch lanes.enter(message.id.rawValue, lane, now: clock.now()) {
        case .later(let until): return .postponed(to: until)
        case .go: break
        }
        let outcome = await transport.send(request)
        let isThere = GateResult(outcome).showsReceiver
        let retryAt = lanes.leave(message.id.rawValue, lane, isThere: isThere, now: clock.now(), random: random())
        switch outcome {
        case .response(let response) where (200..<300).contains(response.status):
            return .delivered
        case .response(let response) where response.status >= 500 || response.status == 429 || response.status == 408:
            return again(message, why: "status \(response.status)", retryAfter: response.retryAfter, laneOpens: retryAt)
        case .response(let response):
            return .failed("status \(response.status)")
        case .notSent(let error), .maybeSent(let error):
            return again(message, why: error.code.rawValue, retryAfter: nil, laneOpens: retryAt)
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

    private func again(
        _ message: OutboxMessage, why: String, retryAfter: Duration?, laneOpens: Timestamp?
    ) -> MessageResult {
        let now = clock.now()
        guard now.since(message.createdAt) < Self.maxAge else { return .failed("\(why), too old") }
        // Its receiver is away for everybody: that is not this message's fault.
        if let laneOpens { return .postponed(to: laneOpens) }
        guard message.attempts < Self.maxAttempts else { return .failed("\(why), \(message.attempts) attempts") }
        let delay = Self.backOff.delay(attempt: message.attempts, retryAfter: retryAfter, random: random())
        return .retry(at: now + max(delay, .milliseconds(250)))
    }
}

/// How many messages are claimed and not settled: a task that was begun may not have taken its place yet.
private final class UnderWay: Sendable {
    private let number = Atomic<Int>(0)

    var count: Int { number.load(ordering: .relaxed) }
    func begin(_ count: Int) { number.add(count, ordering: .relaxed) }
    func end() { number.subtract(1, ordering: .relaxed) }
}

extension OutboxMessage {
    /// Whether a person who gave a command waits for it.
    fileprivate var isAnswer: Bool {
        if case .response = destination { true } else { false }
    }
}
