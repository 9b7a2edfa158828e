import Engine
import JSON
import Model
import Rules

/// One test as its file says it, checked: all names are known, all files are read.
struct RuleTest: Sendable {
    var name: String
    var place: RuleTestPlace
    var ruleSet: RuleSet
    var settings: RuleTestSettings
    var servers: [Server]
    /// What the clock says at `0s`.
    var start: Timestamp
    var steps: [RuleTestStep]
}

/// Where something stands in a test file.
package struct RuleTestPlace: Sendable, Hashable {
    /// The file's name as it was handed in.
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// The line as it stands in the file.
    package let sourceLine: String

    init(_ node: YAMLNode) {
        file = node.source.file
        line = node.line
        column = node.column
        sourceLine = node.source.line(node.line)
    }
}

/// One instant of a timeline: what changes, what comes in, and then what is expected.
struct RuleTestStep: Sendable {
    /// Since the test's start.
    var at: Duration
    var place: RuleTestPlace
    var changes: [WorldChange] = []
    var deliveries: [TestDelivery] = []
    var expectations: [Expectation] = []
    /// Where `actions` stands when the step has it; without it, no action is expected.
    var listsActions: Bool { expectations.contains { if case .actions = $0.kind { true } else { false } } }
}

/// What happens to the world around the bridge.
enum WorldChange: Sendable {
    case status(ServerID, ServerStatus)
    case gone(ServerID)
    /// What probes find from now on, of one server or of all.
    case health(Bool, ServerID?)
    /// The next request of that operation goes wrong.
    case fault(Operation, FakeServersAPI.Fault)
    /// What a source's own API says of every problem from now on.
    case evidence(String, Evidence)
    /// What addresses that begin so answer from now on.
    case answer(FakeTransport.Script)
    /// A person stops that, for a while or until it is resumed.
    case pause(PauseScope, reason: String, span: Duration?)
    /// A person lets it go on.
    case resume(PauseScope)
}

/// One request that a sender posts.
struct TestDelivery: Sendable {
    enum Content: Sendable {
        case bytes([UInt8])
        case alert(TestAlert)
        case command(TestCommand)
        case vote(TestVote)
    }

    var source: String
    var headers: [(name: String, value: String)] = []
    var content: Content
    /// How often it is sent again, and after which time each.
    var repeats: (every: Duration, times: Int)?
    var place: RuleTestPlace
}

/// An alert in short: the test makes the body that a sender of that kind would send.
struct TestAlert: Sendable, Hashable {
    var labels: [String: String]
    var annotations: [String: String]
    var isFiring: Bool
}

/// An answer to the question that a rule's run asks.
struct TestVote: Sendable, Hashable {
    var rule: String
    /// `approve` or `deny`.
    var verdict: String
    var user: String
}

/// A chat command in short.
struct TestCommand: Sendable, Hashable {
    /// As typed, with its slash: `/vps reboot web-03`.
    var text: String
    var user: String
    var userName: String
    var channel: String
}
