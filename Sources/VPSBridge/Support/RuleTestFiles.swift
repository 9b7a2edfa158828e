import Engine
import Foundation
import RuleTesting
import Rules

/// The test files that were asked for, and the rule files beside them.
struct RuleTestFiles {
    /// In the order in which they were asked for, those of one folder by name.
    private(set) var rules: [RuleSource]
    private(set) var tests: [RuleSource]

    /// Adds a folder's rules and tests, or one test file with the rules beside it; what is there already is not added twice.
    /// - Throws: `UnreadableFile` with the path.
    mutating func add(_ path: String) throws(UnreadableFile) {
        guard let kind = FileKind.of(path) else {
            throw UnreadableFile(path: path, reason: "there is no such file or folder")
        }
        if kind == .folder {
            add(rules: try RuleFiles.read(path).files)
            try addTests(of: path)
        } else {
            guard RuleFiles.isTestFile(path) else {
                throw UnreadableFile(path: path, reason: "this is no test: tests stand in files that end in .test.yaml")
            }
            let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            add(rules: try RuleFiles.read(slash.map { String(path[..<$0]) } ?? ".").files)
            try addTest(path)
        }
    }

    private mutating func addTests(of folder: String) throws(UnreadableFile) {
        for file in try RuleFiles.names(in: folder) where RuleFiles.isTestFile(file) { try addTest(folder + "/" + file) }
    }

    /// What the tests of a folder say about rules of it that were read and checked, a line for each failure: what a reload asks.
    ///
    /// No test file, no failure.
    static func failures(of rules: RuleFiles, in folder: String, _ settings: RuleTestSettings) async -> [String] {
        guard FileKind.of(folder) == .folder else { return [] }
        var files = RuleTestFiles(rules: rules.files, tests: [])
        do throws(UnreadableFile) {
            try files.addTests(of: folder)
        } catch {
            return [error.description]
        }
        return files.tests.isEmpty ? [] : await RuleTests.run(files.request(settings)).complaints
    }

    /// A request over these files.
    func request(_ settings: RuleTestSettings, filter: String? = nil) -> RuleTestRequest {
        RuleTestRequest(
            tests: tests, rules: rules, settings: settings, filter: filter, readFile: Self.read, zoneData: ZoneFiles.read)
    }

    private mutating func add(rules files: [RuleSource]) {
        for file in files where !rules.contains(where: { $0.name == file.name }) { rules.append(file) }
    }

    private mutating func addTest(_ path: String) throws(UnreadableFile) {
        guard !tests.contains(where: { $0.name == path }) else { return }
        tests.append(RuleSource(name: path, text: try TextFile.read(path)))
    }

    /// A file beside a test, such as a recorded body; `nil` when it can not be read or is too long.
    @Sendable
    static func read(_ path: String) -> [UInt8]? {
        guard FileKind.of(path) == .file, let data = FileManager.default.contents(atPath: path),
            data.count <= RuleTestLimits.bodyBytes
        else { return nil }
        return Array(data)
    }
}
