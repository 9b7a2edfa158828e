import Model
import Rules
import Store

/// `while_firing`: the last rung again, for as long as the problem lasts.
extension RunMachine {
    /// What a run does instead of ending, when its problem lasts and repetitions are left; `nil` when it ends.
    ///
    /// Between two repetitions the run holds no lane: everything is judged anew, under all guards, when the next one is due.
    mutating func repetition(
        insteadOf state: RunState, _ reason: Reason, _ detail: String, closing: IntentChange?, messages: [NewMessage],
        now: Timestamp
    ) -> RunEffect? {
        guard let rule, let whileFiring = rule.whileFiring, let episode, episode.isOpen, isProblemOpen,
            run.rung == rule.rungs.count - 1, run.progress.repetitions < whileFiring.max,
            Self.isRepeated(state, reason, rule)
        else { return nil }
        let number = run.progress.repetitions + 1
        let fresh = news(messages)
        let told = messages.isEmpty ? run.progress.told : messages.map(Self.digest)
        let next = now + whileFiring.every
        run.progress = RunProgress(repetitions: number, repeatAt: next, told: told)
        run.state = .held
        run.reason = .waiting
        run.detail = String(
            "\(detail); repetition \(number) of \(whileFiring.max) at \(next.rfc3339), should it last".prefix(500))
        run.rungDeadline = nil
        run.healthySince = nil
        run.attempts = 0
        run.dueAt = next
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.run, .waiting, run.detail, now: now)], messages: fresh,
                releasesLease: true))
    }

    /// The messages that say something new: beside what is repeated a text is told again only when it changed. A rung of messages
    /// alone is a reminder, and told each time.
    func news(_ messages: [NewMessage]) -> [NewMessage] {
        guard run.progress.repetitions > 0, rung?.isChanging == true else { return messages }
        return messages.filter { !run.progress.told.contains(Self.digest($0)) }
    }

    private static func digest(_ message: NewMessage) -> String { RequestHash.of("\(message.destination)", message.text) }

    /// Whether a run that ends so has done its last rung, and may do it again.
    private static func isRepeated(_ state: RunState, _ reason: Reason, _ rule: Rule) -> Bool {
        switch (state, reason) {
        case (.succeeded, .applied), (.succeeded, .nothingToDo), (.failed, .ineffective): true
        // A group that has its size may need more; a server that is healthy needs nothing.
        case (.succeeded, .effective): rule.scales
        default: false
        }
    }

    /// Waits for what lies ahead: the next repetition, or the end of a `wait` step that nothing was begun with.
    mutating func waitForOwnTime(now: Timestamp) -> RunEffect? {
        guard run.state == .held, run.reason == .waiting,
            let until = run.progress.repeatAt ?? run.progress.waitUntil, now < until
        else {
            run.progress.repeatAt = nil
            return nil
        }
        return wait(until: until, now: now)
    }

    // MARK: The step `wait`

    /// Whether the run has waited by its own words, for a repetition or in a step of its rung.
    var hasWaited: Bool {
        if run.progress.repetitions > 0 || run.progress.waitUntil != nil { return true }
        return rung?.steps.prefix(run.progress.step).contains(where: \.isWait) ?? false
    }

    /// The step at work: `nil` when its time is over and the next one follows.
    mutating func waitStep(_ span: Duration, now: Timestamp) -> RunEffect? {
        if let until = run.progress.waitUntil {
            if now < until { return wait(until: until, now: now) }
            run.progress.waitUntil = nil
            return nil
        }
        let until = now + span
        run.progress.waitUntil = until
        // Before a first request nothing is held; between two requests the lane stays taken.
        if !run.state.holdsLane { run.state = .held }
        run.reason = .waiting
        run.detail = "rung \(run.rung + 1), step \(run.progress.step + 1): waits until \(until.rfc3339)"
        run.dueAt = until
        run.attempts = 0
        return .commit(
            RunTransition(now: now, run: run, audit: [entry(.run, .waiting, run.detail, now: now)], releasesLease: true))
    }
}
