import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing

@testable import Engine

/// What a reload takes, what it refuses, and whom it tells.
@Suite("Hot reload")
struct EngineReloadTests {
    private typealias Fixture = EngineReloadFixture

    @Test("a changed file is taken when two looks saw the same, and its revision is in the store")
    func taken() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        #expect(await fixture.reloader.look() == nil)
        fixture.folder.write(["web.yaml": Fixture.set(2)])
        #expect(await fixture.reloader.look() == nil)
        #expect(fixture.names == ["a-1", "b-1"])
        fixture.clock.advance(by: .seconds(5))
        let outcome = try #require(await fixture.reloader.look())
        #expect(outcome.verdict == .taken)
        #expect(fixture.names == ["a-2", "b-2"])
        #expect(try await fixture.store.ruleSet(outcome.revision)?.files.map(\.text) == [Fixture.set(2)])
        #expect(await fixture.reloader.look() == nil)
        let status = fixture.reloader.status
        #expect(status.isSuccessful && status.lastSuccessAt == fixture.clock.now() && status.revision == outcome.revision)
        #expect(try await fixture.messages().isEmpty)
    }

    @Test("a file that is still being written is passed over, also when a half of it would be valid")
    func halfWritten() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        let whole = Fixture.set(2)
        for part in [20, 90, 160, 250] {
            fixture.folder.write(["web.yaml": String(whole.prefix(part))])
            #expect(await fixture.reloader.look() == nil)
        }
        fixture.folder.write(["web.yaml": whole])
        #expect(await fixture.reloader.look() == nil)
        #expect(try #require(await fixture.reloader.look()).verdict == .taken)
        #expect(fixture.names == ["a-2", "b-2"])
        #expect(try await fixture.messages().isEmpty)
    }

    @Test("a bad set changes nothing: the metric says so, one message tells people, and the same content is not told twice")
    func bad() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        let began = fixture.book.current.revision
        fixture.folder.write(["web.yaml": Fixture.broken])
        #expect(await fixture.reloader.look() == nil)
        let outcome = try #require(await fixture.reloader.look())
        guard case .refused(let reason) = outcome.verdict else {
            Issue.record("taken")
            return
        }
        #expect(reason.hasPrefix("2 errors, the first: web.yaml:3:") && reason.contains("R012"))
        #expect(outcome.diagnostics.hasErrors && outcome.revision == began)
        #expect(fixture.book.current.revision == began)
        #expect(!fixture.reloader.status.isSuccessful && fixture.reloader.status.revision == began)
        // Looked at for ever, and asked for by hand: nothing new is said.
        for _ in 0..<5 { #expect(await fixture.reloader.look() == nil) }
        #expect(await fixture.reloader.reloadNow().isTaken == false)
        let messages = try await fixture.messages()
        #expect(messages.count == 1 && messages[0].contains("R012") && messages[0].contains("stay in force"))
        let audit = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 10)
        #expect(audit.count { $0.detail.hasPrefix("rules refused") } == 1)
        // Mended, and wrong again in the same way: that is news.
        fixture.folder.write(["web.yaml": Fixture.set(2)])
        #expect(await fixture.reloader.reloadNow().verdict == .taken)
        #expect(fixture.reloader.status.isSuccessful)
        fixture.folder.write(["web.yaml": Fixture.broken])
        #expect(await fixture.reloader.reloadNow().isTaken == false)
        #expect(try await fixture.messages().count == 2)
    }

    @Test("a refusal that the store does not take is told at a later look, once")
    func toldLater() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        try fixture.refuseMessages(true)
        fixture.folder.write(["web.yaml": Fixture.broken])
        #expect(await fixture.reloader.reloadNow().isTaken == false)
        #expect(await fixture.reloader.look() == nil)
        #expect(try await fixture.messages().isEmpty)
        try fixture.refuseMessages(false)
        for _ in 0..<3 { #expect(await fixture.reloader.look() == nil) }
        #expect(try await fixture.messages().count == 1)
    }

    @Test("a bad file that is taken back is a success without a reload")
    func takenBack() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        fixture.folder.write(["web.yaml": Fixture.broken])
        #expect(await fixture.reloader.reloadNow().isTaken == false)
        fixture.folder.write(["web.yaml": Fixture.set(1)])
        #expect(await fixture.reloader.look() == nil)
        #expect(try #require(await fixture.reloader.look()).verdict == .unchanged)
        #expect(fixture.reloader.status.isSuccessful)
    }

    @Test("a folder or files that go are a refused reload, never an empty set", arguments: [nil, [String: String]()])
    func deleted(left: [String: String]?) async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        // Gone for one look only, as when a folder is replaced: nothing is said.
        fixture.folder.write(left)
        #expect(await fixture.reloader.look() == nil)
        fixture.folder.write(["web.yaml": Fixture.set(1)])
        #expect(await fixture.reloader.look() == nil)
        #expect(try await fixture.messages().isEmpty)
        fixture.folder.write(left)
        #expect(await fixture.reloader.look() == nil)
        #expect(try #require(await fixture.reloader.look()).isTaken == false)
        #expect(await fixture.reloader.look() == nil)
        #expect(fixture.names == ["a-1", "b-1"])
        #expect(!fixture.reloader.status.isSuccessful)
        #expect(try await fixture.messages().count == 1)
        #expect(await fixture.reloader.reloadNow().isTaken == false)
    }

    @Test("files that change while they are checked are read again, and refused when they do not come to rest")
    func restless() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        // Asked for between two writes of one change: what is taken is the whole of it.
        fixture.folder.passing.withLock { $0 = [["web.yaml": Fixture.set(2)]] }
        fixture.folder.write(["web.yaml": Fixture.set(2), "db.yaml": Fixture.set(3)])
        #expect(await fixture.reloader.reloadNow().verdict == .taken)
        #expect(fixture.names == ["a-3", "b-3", "a-2", "b-2"])
        fixture.folder.passing.withLock { $0 = (10..<20).map { ["web.yaml": Fixture.set($0)] } }
        #expect(await fixture.reloader.reloadNow().verdict == .refused("the rule files change while they are read"))
        #expect(fixture.names == ["a-3", "b-3", "a-2", "b-2"])
    }

    @Test("rule tests that fail keep a set out")
    func ruleTests() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        fixture.failTests(["host-down reboots once: matched nothing", "another"])
        fixture.folder.write(["web.yaml": Fixture.set(2)])
        let outcome = await fixture.reloader.reloadNow()
        #expect(outcome.verdict == .refused("2 rule tests fail, the first: host-down reboots once: matched nothing"))
        #expect(fixture.names == ["a-1", "b-1"])
        fixture.failTests([])
        #expect(await fixture.reloader.reloadNow().verdict == .taken)
    }

    @Test("without the store's word nothing is swapped, and the next look tries again")
    func unwritable() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        await fixture.store.close()
        fixture.folder.write(["web.yaml": Fixture.set(2)])
        #expect(await fixture.reloader.look() == nil)
        #expect(try #require(await fixture.reloader.look()).isTaken == false)
        #expect(try #require(await fixture.reloader.look()).isTaken == false)
        #expect(fixture.names == ["a-1", "b-1"])
    }

    @Test("what asks is answered by the loop; after its end everything is refused")
    func asked() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)], interval: nil)
        let reloader = fixture.reloader
        let loop = Task { try await reloader.run() }
        fixture.folder.write(["web.yaml": Fixture.set(2)])
        #expect(await reloader.reload().verdict == .taken)
        fixture.folder.write(["web.yaml": Fixture.set(3)])
        async let first = reloader.reload()
        async let second = reloader.reload()
        #expect(await [first, second].allSatisfy(\.isTaken))
        #expect(fixture.names == ["a-3", "b-3"])
        loop.cancel()
        try await loop.value
        #expect(await reloader.reload().verdict == .refused("the bridge is stopping"))
    }

    @Test("a shutdown does not wait for a check that is under way; who asked for it is told")
    func stoppedMeanwhile() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)], interval: nil)
        let reloader = fixture.reloader
        fixture.holdChecks(true)
        fixture.folder.write(["web.yaml": Fixture.set(2)])
        let loop = Task { try await reloader.run() }
        async let outcome = reloader.reload()
        while !fixture.isChecking { await Task.yield() }
        loop.cancel()
        try await loop.value
        #expect(await outcome.verdict == .refused("the bridge is stopping"))
        #expect(fixture.names == ["a-1", "b-1"])
        fixture.holdChecks(false)
    }

    @Test("runs in flight find the rule of their revision, also after more swaps than are kept in memory")
    func olderRevisions() async throws {
        let fixture = try await Fixture(["web.yaml": Fixture.set(1)])
        let first = fixture.book.current.revision
        for number in 2..<(RuleBook.olderKept + 4) {
            fixture.folder.write(["web.yaml": Fixture.set(number)])
            #expect(await fixture.reloader.reloadNow().verdict == .taken)
        }
        #expect(try await fixture.book.rule("a-1", revision: first)?.name == "a-1")
        #expect(try await fixture.book.rule("a-2", revision: first) == nil)
        #expect(fixture.book.current.rule(named: "a-1") == nil)
    }
}
