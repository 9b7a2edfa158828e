import Engine
import Model
import Rules
import Store

/// What happened since the step before.
struct StepOutcome {
    /// One event with what every rule said that looks at such events.
    struct Evaluated {
        var event: Event
        var evaluations: [RuleEvaluation]
        /// The rules that matched: for a command, the one that took it.
        var matched: [String]
        /// What the person was told at once, for a command.
        var reply: String?
        /// Which rule refused the command, and why.
        var refused: (rule: String?, reason: Reason)?
    }

    var evaluated: [Evaluated] = []
    var calls: [RecordingServersAPI.Call] = []
    var requests: [FakeTransport.Sent] = []
    var messages: [OutboxMessage] = []
    var audit: [AuditEntry] = []
    var judgements: [ServerJudgement] = []
    /// All runs, newest first.
    var runs: [Run] = []

    /// The newest run of a rule.
    func run(of rule: String) -> Run? {
        runs.first { $0.rule.utf8.elementsEqual(rule.utf8) }
    }

    /// What people who gave commands were told: at once, then what followed.
    var replies: [String] {
        evaluated.compactMap(\.reply)
            + messages.compactMap { message in
                if case .response = message.destination { message.text } else { nil }
            }
    }

    /// What went to channels, in its order.
    var channelMessages: [(channel: String, text: String)] {
        messages.compactMap { message in
            if case .channel(let name) = message.destination { (name, message.text) } else { nil }
        }
    }

    /// Evaluates an event with the functions that the dispatcher uses.
    static func evaluate(_ event: Event, by ruleSet: RuleSet) -> Evaluated {
        let evaluations = ruleSet.evaluate(event)
        guard event.status == .command else {
            let matched = evaluations.filter { $0.verdict == .match }.map(\.rule.name)
            return Evaluated(event: event, evaluations: evaluations, matched: matched)
        }
        // A rule whose command it is not has nothing to say about it.
        let own = evaluations.filter { evaluation in
            guard let command = event.command, case .matched = evaluation.rule.matchCommand(command) else { return false }
            return true
        }
        switch CommandDesk.judge(event, ruleSet: ruleSet) {
        case .accepted(let rule, let text): return Evaluated(event: event, evaluations: own, matched: [rule.name], reply: text)
        case .answer: return Evaluated(event: event, evaluations: own, matched: [])
        case .refused(let reason, let rule, let text):
            return Evaluated(event: event, evaluations: own, matched: [], reply: text, refused: (rule, reason))
        }
    }
}
