package import CurlTransport
package import Logging
package import Model
import ServiceLifecycle
package import Store
import Synchronization

/// Delivers the messages of the outbox, at least once each, with back-off, several at once.
///
/// Answers to commands go first and have places of their own, and a receiver that is slow or away keeps nobody else's messages
/// waiting: see ``NotificationLanes``.
package struct Notifier: Service {
    /// How often a message is tried before it is given up; tries while its receiver is away do not count.
    static let maxAttempts = 8
    /// How old a message may become.
    static let maxAge = Duration.seconds(86_400)
    /// How long a message is hidden from others while it is being sent; a mail may be sent twice in it, to all and to those who are
    /// not refused.
    static let sendTime = Duration.seconds(60)
    static let backOff = RetryPolicy(base: .seconds(5), cap: .seconds(300))

    private let store: any Store
    private let queries: any Queries
    private let transport: any HTTPTransport
    private let mail: (any MailTransport)?
    private let channels: [String: Channel]
    /// Per source, what an address for answers must begin with.
    private let responsePrefixes: [String: String]
    private let clock: any TimeSource
    private let doorbell: Doorbell
    private let random: @Sendable () -> Double
    private let logger: Logger
    private let metrics: MessageMetrics
    private let lanes = NotificationPlaces()
    private let underWay = UnderWay()

    /// `random` gives numbers from 0 to below 1, for the back-off; without `mail`, channels of mail give up their messages.
    package init(
        store: any Store, queries: any Queries, transport: any HTTPTransport, mail: (any MailTransport)? = nil,
        channels: [String: Channel], responsePrefixes: [String: String], clock: any TimeSource, doorbell: Doorbell,
        metrics: MessageMetrics? = nil, random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.transport = transport
        self.mail = mail
        self.channels = channels
        self.responsePrefixes = responsePrefixes
        self.clock = clock
        self.doorbell = doorbell
        self.metrics = metrics ?? MessageMetrics(channels: channels.keys)
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
        do throws(HTTPRequestError) {
            guard let route = try route(of: message) else {
                return failed(message, "no such channel, or an address that is not allowed")
            }
            return await send(message, by: route)
        } catch {
            return failed(message, "the address can not be used: \(error.reason)")
        }
    }

    /// `nil` when its channel is not configured any more, or its address does not begin as its source's have to.
    private func route(of message: OutboxMessage) throws(HTTPRequestError) -> MessageRoute? {
        switch message.destination {
        case .channel(let name):
            guard let channel = channels[name] else { return nil }
            return try MessageRoute(message, to: channel)
        case .response(let source, let url):
            guard let prefix = responsePrefixes[source], url.utf8.starts(with: prefix.utf8) else { return nil }
            return try MessageRoute(answer: message.text, url: url, prefix: prefix)
        }
    }

    private func send(_ message: OutboxMessage, by route: MessageRoute) async -> MessageResult {
        // Also when its receiver is away and nothing was tried: an outbox has an end.
        guard clock.now().since(message.createdAt) < Self.maxAge else { return failed(message, "too old") }
        let lane = NotificationLanes.Lane(isAnswer: message.isAnswer, origin: route.origin)
        switch lanes.enter(message.id.rawValue, lane, channel: message.channel, now: clock.now()) {
        case .later(let until): return .postponed(to: until)
        case .go: break
        }
        let (answer, isThere) = await perform(route)
        let retryAt = lanes.leave(message.id.rawValue, lane, isThere: isThere, now: clock.now(), random: random())
        switch answer {
        case .delivered:
            metrics.count(message.destination, .delivered)
            return .delivered
        case .failed(let why):
            return failed(message, why)
        case .later(let why):
            return again(message, why: why, laneOpens: retryAt)
        case .tooMany(let wait):
            metrics.count(message.destination, .throttled)
            guard let wait, clock.now().since(message.createdAt) < Self.maxAge else {
                return again(message, why: "the receiver asks to slow down", laneOpens: retryAt)
            }
            // What follows would only be refused too, and some platforms then ask for more.
            let until = clock.now() + max(wait, .milliseconds(250))
            if let channel = message.channel { lanes.keepQuiet(channel, until: until) }
            return .postponed(to: until)
        }
    }

    /// - Returns: what the receiver says, and whether it is there at all.
    private func perform(_ route: MessageRoute) async -> (MessageAnswer, isThere: Bool) {
        switch route.way {
        case .http(let request, let read):
            let outcome = await transport.send(request)
            let isThere = GateResult(outcome).showsReceiver
            switch outcome {
            case .response(let response): return (read(response), isThere)
            case .notSent(let error), .maybeSent(let error): return (.later(why: error.code.rawValue), isThere)
            }
        case .mail(let letter):
            guard let mail else { return (.failed(why: "mail is not set up"), true) }
            let outcome = await mail.deliver(letter)
            return (MailMessage.answer(outcome), outcome.showsReceiver)
        }
    }

    private func failed(_ message: OutboxMessage, _ why: String) -> MessageResult {
        metrics.count(message.destination, .failed)
        return .failed(why)
    }

    private func again(_ message: OutboxMessage, why: String, laneOpens: Timestamp?) -> MessageResult {
        let now = clock.now()
        guard now.since(message.createdAt) < Self.maxAge else { return failed(message, "\(why), too old") }
        metrics.count(message.destination, .retried)
        // Its receiver is away for everybody: that is not this message's fault.
        if let laneOpens { return .postponed(to: laneOpens) }
        guard message.attempts < Self.maxAttempts else { return failed(message, "\(why), \(message.attempts) attempts") }
        let delay = Self.backOff.delay(attempt: message.attempts, retryAfter: nil, random: random())
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

    fileprivate var channel: String? {
        if case .channel(let name) = destination { name } else { nil }
    }
}
