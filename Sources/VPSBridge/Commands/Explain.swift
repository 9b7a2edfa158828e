import ArgumentParser
import Engine
import JSON
import Model
import Rules
import Store

/// Says why something happened or did not: what a code means, what became of an event, what a run did.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a diagnostic's code means, or why a delivery or a run went as it did.",
        discussion: """
            vpsbridge explain R012          what the code of a message means
            vpsbridge explain 17            delivery 17: every rule and condition, by the rules of its time
            vpsbridge explain 17.0          its first event alone
            vpsbridge explain run 3         the event that began run 3, and what the run did
            Only reads: the bridge may run meanwhile. With --rules the event is judged by other rules too.
            """)

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Option(help: "Compare with the rules of this folder or file.")
    var rules: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "A code such as R012, a delivery such as 17, an event such as 17.0, or `run` and a run's id.")
    var subject: [String]

    func validate() throws {
        if ExplainSubject(subject) == nil {
            throw ValidationError("explain takes a code such as R012, a delivery such as 17, an event such as 17.0, or `run 3`")
        }
    }

    func run() async throws {
        switch ExplainSubject(subject) {
        case .code(let code): try explain(code: code)
        case .delivery(let id, let event):
            try await show { explainer, other async throws(DeliveryExplainer.Problem) in
                try await explainer.explain(id, event: event, other: other)
            }
        case .run(let id):
            try await show { explainer, other async throws(DeliveryExplainer.Problem) in
                try await explainer.explain(id, other: other)
            }
        case nil: throw ExitCode.validationFailure
        }
    }

    private func explain(code: String) throws {
        guard let known = DiagnosticCode(rawValue: code) else {
            Output.note("vpsbridge: there is no code \(code); they go from R001 on, as messages show them")
            throw ExitCode.failed
        }
        if json {
            Output.line(JSONValue.object(["code": .string(code), "explanation": .string(known.explanation)]).description)
        } else {
            Output.line("\(known.rawValue): \(known.explanation)")
        }
    }

    private func show(
        _ explain: (DeliveryExplainer, DeliveryExplainer.Rules?) async throws(DeliveryExplainer.Problem) -> DeliveryExplanation
    ) async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let loaded = LoadedRules(configuration)
        var other: DeliveryExplainer.Rules?
        if let rules {
            let (ruleSet, _) = try loaded.choosing(folder: rules, source: nil).loadOrExit()
            other = DeliveryExplainer.Rules(ruleSet: ruleSet, name: "the rules of \(rules)")
        }
        let explainer = DeliveryExplainer(
            queries: try StoreReading.open(configuration), sources: configuration.sources,
            load: { RuleBook.load($0, kinds: configuration.sourceKinds, groups: configuration.groups, zoneData: ZoneFiles.read) },
            present: present(loaded))
        do throws(DeliveryExplainer.Problem) {
            let explanation = try await explain(explainer, other)
            if json { Output.line(explanation.json.description) } else { explanation.lines.forEach(Output.line) }
        } catch {
            Output.note("vpsbridge: \(error.description.printable)")
            throw ExitCode.failed
        }
    }

    /// The rules in the folder, when they are usable.
    private func present(_ loaded: LoadedRules) -> DeliveryExplainer.Rules? {
        guard let files = try? loaded.read(), let ruleSet = loaded.check(files).ruleSet else { return nil }
        return DeliveryExplainer.Rules(ruleSet: ruleSet, name: "the rules of \(loaded.folder)")
    }
}

/// What is to be explained.
enum ExplainSubject: Equatable {
    case code(String)
    case delivery(DeliveryID, event: Int?)
    case run(RunID)

    /// `nil` for words that are none of these.
    init?(_ words: [String]) {
        switch words.count {
        case 1:
            let word = words[0]
            if word.utf8.first.map({ $0 | 0x20 == UInt8(ascii: "r") }) == true {
                guard word.utf8.count == 4, word.utf8.dropFirst().allSatisfy(Self.isDigit) else { return nil }
                self = .code(word.uppercased())
                return
            }
            let parts = word.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
            guard let id = Self.number(parts[0]) else { return nil }
            if parts.count == 1 {
                self = .delivery(DeliveryID(rawValue: id), event: nil)
            } else {
                guard let event = Self.number(parts[1]).flatMap({ Int(exactly: $0) }) else { return nil }
                self = .delivery(DeliveryID(rawValue: id), event: event)
            }
        case 2:
            guard words[0].utf8.elementsEqual("run".utf8), let id = Self.number(words[1].utf8[...]) else { return nil }
            self = .run(RunID(rawValue: id))
        default: return nil
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func number(_ text: some Collection<UInt8>) -> Int64? {
        guard !text.isEmpty, text.allSatisfy(isDigit) else { return nil }
        return Int64(String(decoding: text, as: UTF8.self))
    }
}
