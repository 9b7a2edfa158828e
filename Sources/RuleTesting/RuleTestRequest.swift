package import Rules

/// What is to be tested: the files as texts, and how other files are read.
package struct RuleTestRequest: Sendable {
    /// The test files; their names are paths, beside the rules that they test.
    package var tests: [RuleSource]
    /// The rule files, their names are paths. A test that names no rules gets those of its own folder; a rule file that a test
    /// names and that is not among them is read.
    package var rules: [RuleSource]
    /// What holds where a test's `config` says nothing.
    package var settings: RuleTestSettings
    /// Only tests whose name holds this text are run; `nil` runs all.
    package var filter: String?
    /// How often the engine may be stepped in one test: less than the share that the bounds give it, never more.
    package var maxSteps: Int
    /// The bytes of a file of at most ``RuleTestLimits/bodyBytes``, `nil` when it can not be read. Paths are those of the test
    /// files with a relative path added.
    package var readFile: @Sendable (String) -> [UInt8]?
    /// The file of a time zone, as ``RuleSet/load(_:revision:sources:floor:zoneData:)`` takes it.
    package var zoneData: @Sendable (String) -> [UInt8]?

    /// A request over all tests of those files.
    package init(
        tests: [RuleSource], rules: [RuleSource], settings: RuleTestSettings = RuleTestSettings(), filter: String? = nil,
        maxSteps: Int = .max,
        readFile: @escaping @Sendable (String) -> [UInt8]? = { _ in nil },
        zoneData: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        self.tests = tests
        self.rules = rules
        self.settings = settings
        self.filter = filter
        self.maxSteps = maxSteps
        self.readFile = readFile
        self.zoneData = zoneData
    }
}
