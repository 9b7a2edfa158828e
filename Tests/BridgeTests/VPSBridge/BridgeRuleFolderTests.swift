import Engine
import Foundation
import Glibc
import Logging
import Model
import RuleTesting
import Rules
import Store
import Testing

@testable import Engine
@testable import VPSBridge

/// Rule files on a real disk: the ways in which editors, deployments and Kubernetes replace them.
@Suite("Rule folder")
struct BridgeRuleFolderTests {
    /// A folder of its own, taken away in the end.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/vpsbridge-rules-\(UInt64.random(in: 0...UInt64.max))"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func make(_ name: String) throws {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }

        /// A link that appears in one step, also in the place of another.
        func link(_ name: String, to target: String) throws {
            #expect(symlink(target, "\(path)/\(name).tmp") == 0)
            #expect(Glibc.rename("\(path)/\(name).tmp", "\(path)/\(name)") == 0)
        }
    }

    private static func rule(_ name: String) -> String {
        "version: 1\nrules:\n  - {name: \(name), trigger: a, when: \"true\", target: '\"x\"', autonomy: observe, actions: [server.reboot]}\n"
    }

    @Test("rule files alone are read, in the order of their names; tests, hidden and other files are not")
    func files() throws {
        let folder = try Folder()
        for name in ["b.yaml", "a.yml", "a.test.yaml", ".c.yaml", "d.yaml~", "notes.txt"] {
            try folder.write(name, Self.rule("r"))
        }
        try folder.make("..2026_11")
        let files = try RuleFiles.read(folder.path)
        #expect(files.files.map { $0.name.split(separator: "/").last.map(String.init) } == ["a.yml", "b.yaml"])
        #expect(try RuleFiles.read(folder.path).revision == files.revision)
        try folder.write("b.yaml", Self.rule("s"))
        #expect(try RuleFiles.read(folder.path).revision != files.revision)
    }

    @Test(
        "what is no readable file is an error with its path, and never waited for",
        arguments: ["pipe", "folder", "dangling link", "no text", "no folder"])
    func unreadable(what: String) throws {
        let folder = try Folder()
        try folder.write("a.yaml", Self.rule("r"))
        let path = "\(folder.path)/b.yaml"
        var read = folder.path
        switch what {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "folder": try folder.make("b.yaml")
        case "dangling link": try folder.link("b.yaml", to: "nowhere.yaml")
        case "no text": try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
        default: read = folder.path + "/rules"
        }
        let error = #expect(throws: UnreadableFile.self) { try RuleFiles.read(read) }
        #expect(error?.path == (what == "no folder" ? read : path))
    }

    @Test("a reload sees atomic renames, swapped links, half-written files and deletions as what they are")
    func reload() async throws {
        let folder = try Folder()
        try folder.make("v1")
        try folder.write("v1/web.yaml", Self.rule("one"))
        try folder.make("v2")
        try folder.write("v2/web.yaml", Self.rule("two"))
        // As Kubernetes mounts a config map: the files are links into a folder that is a link itself.
        try folder.link("..data", to: "v1")
        try folder.make("rules")
        try folder.link("rules/web.yaml", to: "../..data/web.yaml")
        let loaded = LoadedRules(folder: folder.path + "/rules", isNamed: true, sources: nil, floor: .none)
        let files = try loaded.read()
        let store = try SQLiteStore(path: folder.path + "/bridge.sqlite")
        let book = RuleBook(current: try #require(loaded.check(files).ruleSet), queries: store)
        let reloader = Reloader(
            parts: Reloader.Parts(
                read: { () throws(UnreadableRules) in
                    do throws(UnreadableFile) { return try loaded.read() } catch { throw UnreadableRules(error.description) }
                },
                check: loaded.check, interval: .seconds(5), channels: []),
            book: book, store: store, clock: ManualClock(), messageDoorbell: Doorbell(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        func afterTwoLooks() async -> [String] {
            _ = await reloader.look()
            _ = await reloader.look()
            return book.current.rules.map(\.name)
        }
        #expect(await afterTwoLooks() == ["one"])
        try folder.link("..data", to: "v2")
        #expect(await afterTwoLooks() == ["two"])
        // An editor writes beside the file and renames.
        try folder.write("rules/.web.yaml.swp", Self.rule("three"))
        #expect(Glibc.rename("\(folder.path)/rules/.web.yaml.swp", "\(folder.path)/rules/web.yaml") == 0)
        #expect(await afterTwoLooks() == ["three"])
        // A copy that takes its time: no look sees the same twice.
        let whole = Self.rule("four")
        for part in stride(from: 10, to: whole.utf8.count, by: 20) {
            try folder.write("rules/web.yaml", String(whole.prefix(part)))
            #expect(await reloader.look() == nil)
        }
        try folder.write("rules/web.yaml", whole)
        #expect(await afterTwoLooks() == ["four"])
        try FileManager.default.removeItem(atPath: folder.path + "/rules")
        #expect(await afterTwoLooks() == ["four"])
        #expect(!reloader.status.isSuccessful)
        try folder.make("rules")
        #expect(await afterTwoLooks() == ["four"])
        try folder.write("rules/web.yaml", Self.rule("five"))
        #expect(await afterTwoLooks() == ["five"])
        #expect(reloader.status.isSuccessful)
        await store.close()
    }
}
