package import Logging
package import Model
import ServiceLifecycle
package import Store

/// Tells the daily digest, once for each day whatever restarts there are: through when it was told is on disk, with the message.
///
/// One that fell into a time without the bridge is told at the next start, and covers everything since the one before.
package struct Digester: Service {
    private static let pace = Duration.seconds(30)

    private let store: any Store
    private let queries: any Queries
    private let schedule: Digest.Schedule
    private let channels: [String]
    private let clock: any TimeSource
    private let messageDoorbell: Doorbell
    private let logger: Logger
    private let rest = Doorbell()

    package init(
        store: any Store, queries: any Queries, schedule: Digest.Schedule, channels: [String], clock: any TimeSource,
        messageDoorbell: Doorbell, logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.schedule = schedule
        self.channels = channels
        self.clock = clock
        self.messageDoorbell = messageDoorbell
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    _ = try await tellOnce()
                } catch {
                    logger.error("the digest waits for the store", metadata: ["error": "\(error)"])
                }
                await rest.wait(atMost: Self.pace)
            }
        }
    }

    /// Tells the digest when it is due.
    /// - Returns: whether there was one to tell.
    package func tellOnce() async throws(StoreError) -> Bool {
        let now = clock.now()
        let due = schedule.due(now: now)
        guard let told = try await queries.digestedThrough() else {
            // A bridge that is new has nothing to tell of the time before it.
            _ = try await store.recordDigest(after: nil, through: now, messages: [], now: now)
            return false
        }
        guard told < due else { return false }
        let counts = try await queries.digest(after: told, through: due)
        let text = Digest.text(counts, after: told, through: due)
        let messages = text.map { MessagePolicy.digest($0, channels: channels) } ?? []
        guard try await store.recordDigest(after: told, through: due, messages: messages, now: now), !messages.isEmpty else {
            return false
        }
        messageDoorbell.ring()
        return true
    }
}
