import Model
import Rules
import Store
import Webhooks

/// Decides once more on events that were stored, under the rules of now; performs nothing.
///
/// Only what can begin a run is looked at: a resolve that is told again could end a problem that began after it, and an answer to a
/// question is given once. The episode is as it is now: a run of a problem that is over ends at once, and one whose last word is old
/// waits for a repeat, as any run does.
struct EventReplay {
    let delivery: Delivery
    let ruleSet: RuleSet
    /// Why it is done: `retried` or `replayed`.
    let reason: Reason
    let actor: String
    /// Only this rule; `nil` judges by all.
    let rule: String?
    /// What is said of it in the audit beside the event.
    let because: String
    let now: Timestamp

    /// What comes of it.
    private(set) var episodes: [EpisodeChange] = []
    private(set) var runs: [(run: NewRun, audit: AuditEntry)] = []
    /// Why events began no run, for people.
    private(set) var notes: [String] = []

    init(
        _ delivery: Delivery, ruleSet: RuleSet, reason: Reason, actor: String, rule: String? = nil, because: String,
        now: Timestamp
    ) {
        self.delivery = delivery
        self.ruleSet = ruleSet
        self.reason = reason
        self.actor = actor
        self.rule = rule
        self.because = because
        self.now = now
    }

    /// Judges one event by its place in the delivery.
    mutating func judge(_ event: Event, index: Int) {
        switch event.status {
        case .problem: judgeProblem(event, index: index)
        case .command: judgeCommand(event, index: index)
        case .resolved: notes.append("event \(index) tells of an end, which is not told again")
        case .schedule: notes.append("event \(index) is an instant of a schedule, which is not repeated")
        case .notice: notes.append("event \(index) is only a notice")
        }
    }

    private mutating func judgeProblem(_ event: Event, index: Int) {
        let key = EpisodeKey(source: event.source, fingerprint: event.fingerprint)
        var found = false
        for match in ruleSet.match(event) where isAsked(match.rule) {
            switch match.verdict {
            case .match:
                found = true
                begin(match.rule, event: event, index: index, episode: key)
            case .missing(let path): notes.append("event \(index), rule \(match.rule.name): no \(path)")
            case .error(let message): notes.append("event \(index), rule \(match.rule.name): \(message)")
            case .noMatch: continue
            }
        }
        guard found else {
            notes.append("event \(index): \(rule.map { "rule \($0) does not match" } ?? "no rule matches") now")
            return
        }
        episodes.append(.open(key, at: event.receivedAt, startsAt: event.startsAt))
    }

    private mutating func judgeCommand(_ event: Event, index: Int) {
        switch CommandDesk.judge(event, ruleSet: ruleSet) {
        case .accepted(let rule, _) where isAsked(rule): begin(rule, event: event, index: index, episode: nil)
        case .accepted(let rule, _): notes.append("event \(index) is for rule \(rule.name)")
        case .answer: notes.append("event \(index) is an answer to a question, which is given once")
        case .refused(let reason, _, _): notes.append("event \(index): the command is refused now (\(reason.rawValue))")
        }
    }

    private func isAsked(_ rule: Rule) -> Bool {
        self.rule.map { $0.utf8.elementsEqual(rule.name.utf8) } ?? true
    }

    private mutating func begin(_ rule: Rule, event: Event, index: Int, episode: EpisodeKey?) {
        let run = NewRun(
            rule: rule.name, revision: ruleSet.revision, episode: episode,
            event: EventReference(delivery: delivery.id, index: index), dueAt: now, isUrgent: episode == nil, createdAt: now)
        let entry = AuditEntry(
            at: now, kind: .command, reason: reason, delivery: delivery.id, rule: rule.name, actor: actor,
            detail: String("\(because); event \(index), \(event.fingerprint)".prefix(500)))
        runs.append((run, entry))
    }
}
