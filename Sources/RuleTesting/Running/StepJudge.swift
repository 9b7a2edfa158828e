import CurlTransport
import JSON
import Model
import Rules

/// Holds what happened against what a step expects.
struct StepJudge {
    let test: RuleTest
    let step: RuleTestStep
    let outcome: StepOutcome

    func failures() -> [RuleTestFailure] {
        var failures = step.expectations.compactMap { judge($0) }
        if !step.listsActions, !outcome.calls.isEmpty {
            failures.append(
                failure(
                    "actions", at: step.place, expected: "none, since the step has no `actions`",
                    happened: outcome.calls.map { text($0) }))
        }
        return failures
    }

    private func judge(_ expectation: Expectation) -> RuleTestFailure? {
        func differs(_ expected: String, _ happened: [String]) -> RuleTestFailure {
            failure(expectation.title, at: expectation.place, expected: expected, happened: happened)
        }
        switch expectation.kind {
        case .matched(let names):
            let matched = matchedRules
            return Set(names) == Set(matched) ? nil : differs(list(names), matched)
        case .noMatch(let name):
            return matchedRules.contains(name) ? differs("\(name) does not match", ["\(name) matched"]) : nil
        case .missing(let rule, let path):
            let verdicts = verdicts(of: rule)
            return verdicts.contains(.missing(path))
                ? nil : differs("\(rule): no \(path)", verdicts.isEmpty ? [notAsked(rule)] : verdicts.map { text($0) })
        case .nothingMissing:
            let missing = outcome.evaluated.flatMap(\.evaluations).compactMap { evaluation in
                if case .missing(let path) = evaluation.verdict { "\(evaluation.rule.name): no \(path)" } else { nil }
            }
            return missing.isEmpty ? nil : differs("nothing", missing)
        case .error(let rule, let wanted):
            let verdicts = verdicts(of: rule)
            let isFound = verdicts.contains { if case .error(let message) = $0 { message.contains(wanted) } else { false } }
            return isFound
                ? nil : differs("\(rule): …\(wanted)…", verdicts.isEmpty ? [notAsked(rule)] : verdicts.map { text($0) })
        case .actions(let expected):
            return matches(expected, outcome.calls) { $0.isMet(by: $1) }
                ? nil : differs(list(expected.map(\.text)), outcome.calls.map { text($0) })
        case .requests(let expected):
            return matches(expected, outcome.requests) { $0.isMet(by: $1) }
                ? nil : differs(list(expected.map(\.text)), outcome.requests.map { text($0) })
        case .messages(let expected):
            return matches(expected, outcome.channelMessages) { $0.isMet(by: $1) }
                ? nil : differs(list(expected.map(\.shown)), outcome.channelMessages.map { "\($0.channel): \($0.text)" })
        case .replies(let expected):
            return matches(expected, outcome.replies) { $1.contains($0) }
                ? nil : differs(list(expected.map { "…\($0)…" }), outcome.replies)
        case .held(let rule, let reason):
            let run = outcome.run(of: rule)
            return run.map { !$0.state.isFinal && $0.reason == reason } == true
                ? nil : differs("\(rule) waits: \(reason.rawValue)", [text(run, of: rule)])
        case .skipped(let rule, let reason):
            return isSkipped(rule, reason) ? nil : differs("\(rule) ends: \(reason.rawValue)", skips(of: rule))
        case .run(let rule, let state):
            let run = outcome.run(of: rule)
            return run?.state == state ? nil : differs("\(rule): \(state?.rawValue ?? "no run")", [text(run, of: rule)])
        }
    }

    private func matches<Expected, Found>(
        _ expected: [Expected], _ found: [Found], _ isMet: (Expected, Found) -> Bool
    ) -> Bool {
        expected.count == found.count && zip(expected, found).allSatisfy { isMet($0, $1) }
    }

    // MARK: Rules and runs

    private var matchedRules: [String] {
        var names: [String] = []
        for name in outcome.evaluated.flatMap(\.matched) where !names.contains(name) { names.append(name) }
        return names
    }

    private func verdicts(of rule: String) -> [Verdict] {
        outcome.evaluated.flatMap(\.evaluations).filter { $0.rule.name.utf8.elementsEqual(rule.utf8) }.map(\.verdict)
    }

    private func isSkipped(_ rule: String, _ reason: Reason) -> Bool {
        if outcome.evaluated.contains(where: { $0.refused?.rule == rule && $0.refused?.reason == reason }) { return true }
        guard let run = outcome.run(of: rule), run.state.isFinal, run.state != .succeeded else { return false }
        return run.reason == reason
    }

    private func skips(of rule: String) -> [String] {
        let refusals = outcome.evaluated.compactMap(\.refused).filter { $0.rule == rule }.map { "refused: \($0.reason.rawValue)" }
        return refusals.isEmpty ? [text(outcome.run(of: rule), of: rule)] : refusals
    }

    private func notAsked(_ rule: String) -> String {
        let source = test.ruleSet.rule(named: rule)?.trigger.source ?? ""
        return "\(rule) was not asked: since the step before, no problem came from its source \(source)"
    }

    // MARK: Words

    private func failure(_ title: String, at place: RuleTestPlace, expected: String, happened: [String]) -> RuleTestFailure {
        RuleTestFailure(
            place: place, at: step.at, title: title, expected: expected,
            happened: happened.isEmpty ? "nothing" : happened.joined(separator: "; "), why: StepExplanation.lines(test, outcome))
    }

    private func list(_ texts: [String]) -> String { texts.isEmpty ? "nothing" : texts.joined(separator: "; ") }

    private func text(_ verdict: Verdict) -> String {
        switch verdict {
        case .match: "matched"
        case .noMatch: "no match"
        case .missing(let path): "no \(path)"
        case .error(let message): "error: \(message)"
        }
    }

    private func text(_ run: Run?, of rule: String) -> String {
        guard let run else { return "\(rule) has no run" }
        return "\(rule) is \(run.state.rawValue)" + (run.reason.map { ": \($0.rawValue)" } ?? "")
            + (run.detail.isEmpty ? "" : " (\(run.detail))")
    }

    private func text(_ call: RecordingServersAPI.Call) -> String {
        let server = [call.name, call.server.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
        return "server.\(call.operation.rawValue) \(server) at \(YAMLDuration.text(call.at.since(test.start)))"
            + (call.failure.map { ", failed: \($0)" } ?? "")
    }

    private func text(_ request: FakeTransport.Sent) -> String {
        "\(request.line)" + (request.body.isEmpty ? "" : " \(request.body.prefix(500))")
    }
}

extension ExpectedAction {
    func isMet(by call: RecordingServersAPI.Call) -> Bool {
        guard action.utf8.elementsEqual("server.\(call.operation.rawValue)".utf8) else { return false }
        if let server, !ServerText.names(id: call.server, name: call.name, server) { return false }
        guard let body else { return true }
        return call.body.map { $0.holds(body) } ?? false
    }
}

extension ExpectedRequest {
    func isMet(by request: FakeTransport.Sent) -> Bool {
        if let method, !method.utf8.elementsEqual(request.method.rawValue.utf8) { return false }
        guard url.utf8.elementsEqual(request.url.utf8) else { return false }
        if let body, !request.body.contains(body) { return false }
        guard let json else { return true }
        return (try? JSONValue.parse(Array(request.body.utf8))).map { $0.holds(json) } ?? false
    }
}

extension ExpectedMessage {
    func isMet(by message: (channel: String, text: String)) -> Bool {
        (channel.map { $0.utf8.elementsEqual(message.channel.utf8) } ?? true) && message.text.contains(text)
    }
}

extension JSONValue {
    /// Whether every member of an expected object is here with that value; everything else has to be equal.
    fileprivate func holds(_ expected: JSONValue) -> Bool {
        guard case .object(let wanted) = expected else { return self == expected }
        guard case .object(let own) = self else { return false }
        return wanted.members.allSatisfy { member in own[member.name].map { $0.holds(member.value) } ?? false }
    }
}
