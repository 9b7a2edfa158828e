import Foundation
import GRDB
import Glibc
import Logging
import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing
import Webhooks

@testable import Engine

/// A reloader over a folder in memory and a real store; its looks are made by hand.
final class EngineReloadFixture {
    /// The folder: what the next readings find.
    final class Folder: Sendable {
        /// `nil` when the folder is not there.
        let files: Mutex<[String: String]?>
        /// What is found before `files`, one for each reading.
        let passing = Mutex<[[String: String]]>([])
        /// How often the folder was read.
        let readings = Mutex(0)

        init(_ files: [String: String]) { self.files = Mutex(files) }

        func write(_ files: [String: String]?) { self.files.withLock { $0 = files } }

        func read() throws(UnreadableRules) -> RuleFiles {
            readings.withLock { $0 += 1 }
            let first = passing.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let files = first ?? files.withLock({ $0 }) else { throw UnreadableRules("rules: there is no such folder") }
            let sources = files.sorted { $0.key < $1.key }.map { RuleSource(name: $0.key, text: $0.value) }
            // The texts themselves are as good a name as their hash.
            let revision = sources.map { "\($0.name)=\($0.text)" }.joined(separator: ";")
            return RuleFiles(files: sources, revision: RuleSetRevision(rawValue: revision))
        }
    }

    let folder: Folder
    let clock = ManualClock()
    let store: SQLiteStore
    let book: RuleBook
    let reloader: Reloader
    private let directory: String

    init(_ files: [String: String], interval: Duration? = .seconds(5)) async throws {
        folder = Folder(files)
        directory = FileManager.default.temporaryDirectory.path + "/vpsbridge-reload-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        store = try SQLiteStore(path: directory + "/bridge.sqlite", options: SQLiteStoreOptions())
        let began = try folder.read()
        let ruleSet = try #require(Self.check(began).ruleSet)
        book = RuleBook(current: ruleSet, queries: store)
        let box = Box()
        reloader = Reloader(
            parts: Reloader.Parts(
                read: { [folder] () throws(UnreadableRules) in try folder.read() },
                check: { files in
                    box.isChecking.withLock { $0 = true }
                    while box.isHeld.withLock({ $0 }) { sched_yield() }
                    return Self.check(files)
                },
                test: { _, _ in box.failures.withLock { $0 } }, interval: interval, channels: ["ops"]),
            book: book, store: store, clock: clock, messageDoorbell: Doorbell(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.box = box
        try await store.saveRuleSet(
            StoredRuleSet(
                revision: began.revision, files: began.files.map { StoredRuleSet.File(name: $0.name, text: $0.text) },
                savedAt: clock.now()))
    }

    /// Makes the store refuse every message, as a full disk does, or take them again.
    func refuseMessages(_ refuses: Bool) throws {
        try DatabaseQueue(path: directory + "/bridge.sqlite").write { database in
            try database.execute(
                sql: refuses
                    ? "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'refused'); END"
                    : "DROP TRIGGER refuse")
        }
    }

    private final class Box: Sendable {
        let failures = Mutex<[String]>([])
        let isHeld = Mutex(false)
        let isChecking = Mutex(false)
    }
    private let box: Box

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Keeps checks from ending, on the thread where they are made.
    func holdChecks(_ isHeld: Bool) { box.isHeld.withLock { $0 = isHeld } }

    var isChecking: Bool { box.isChecking.withLock { $0 } }

    func failTests(_ lines: [String]) { box.failures.withLock { $0 = lines } }

    @Sendable
    private static func check(_ files: RuleFiles) -> RuleSetLoad {
        RuleSet.load(files.files, revision: files.revision, sources: nil, floor: .none)
    }

    /// Two rules that match every problem and are told apart by their set's number.
    static func set(_ number: Int) -> String {
        """
        version: 1
        rules:
          - {name: a-\(number), trigger: alertmanager, when: "true", target: event.labels.server, autonomy: auto, actions: [server.reboot]}
          - {name: b-\(number), trigger: alertmanager, when: "true", target: event.labels.server, autonomy: auto, actions: [server.reboot]}
        """
    }

    /// A rule with one key that there is not.
    static let broken = set(1).replacing("when:", with: "cooldwn: 1m, when:")

    var names: [String] { book.current.rules.map(\.name) }

    func messages() async throws -> [String] {
        try await store.claimMessages(now: clock.now(), hiddenUntil: clock.now(), limit: 100).map(\.text)
    }
}
