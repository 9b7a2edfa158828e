package import Model
package import Rules
package import Store

/// Decides on one delivery; performs nothing.
///
/// `open` holds the open episodes of the events' keys, and those closed ones that still await their sender's word; it is kept up to date, so
/// that one batch can decide on several deliveries.
package struct Dispatch {
    private let delivery: Delivery
    private let ruleSet: RuleSet
    private let limits: Limits
    private let now: Timestamp
    private var result: DispatchedDelivery
    /// What people are told whose commands were answers to questions, by the event's place.
    private let replies: [Int: ApprovalDesk.Reply]
    /// How many events had no matching rule, and the first of them; one audit line tells it for all.
    private var unmatched: (count: Int, first: String) = (0, "")

    /// What becomes of those of a delivery's events whose places are in `part`, in their order.
    package static func decide(
        _ delivery: Delivery, events: [Event], part: Range<Int>, open: inout [EpisodeKey: Episode], ruleSet: RuleSet,
        limits: Limits, replies: [Int: ApprovalDesk.Reply] = [:], now: Timestamp
    ) -> DispatchedDelivery {
        var dispatch = Dispatch(
            delivery: delivery, ruleSet: ruleSet, limits: limits, now: now,
            result: DispatchedDelivery(
                id: delivery.id, begin: delivery.decidedEvents, end: part.upperBound < events.count ? part.upperBound : nil),
            replies: replies)
        for index in part { dispatch.decide(events[index], index: index, open: &open) }
        dispatch.finish(events: events)
        return dispatch.result
    }

    /// What is written for a delivery that can not be decoded any more (its source was removed, or its kind changed).
    package static func undecodable(_ delivery: Delivery, message: String, now: Timestamp) -> DispatchedDelivery {
        let event = EventReference(delivery: delivery.id, index: 0)
        return DispatchedDelivery(
            id: delivery.id,
            audit: [
                AuditEntry(
                    at: now, kind: .decision, reason: .undecodable, delivery: delivery.id, actor: delivery.source, detail: message
                )
            ],
            deadLetters: [DeadLetter(at: now, reason: .undecodable, event: event, run: nil, rule: nil, detail: message)],
            begin: delivery.decidedEvents)
    }

    private mutating func decide(_ event: Event, index: Int, open: inout [EpisodeKey: Episode]) {
        let key = EpisodeKey(source: event.source, fingerprint: event.fingerprint)
        switch event.status {
        case .notice:
            note(.notice, rule: nil, actor: event.source, detail: event.fingerprint)
        case .command:
            decideCommand(event, index: index)
        case .resolved:
            if let episode = open[key], !isOlder(event, than: episode) {
                result.episodes.append(.close(key, at: now, ending: .resolved))
                open[key] = nil
                note(.resolved, rule: nil, actor: event.source, detail: event.fingerprint)
                // Once for each problem that ended, whoever noticed first: of a resolve that ends nothing nobody has to be told.
                matchOccasion(event, index: index, reason: .matched)
            }
        case .schedule:
            if !matchOccasion(event, index: index, reason: .scheduled) {
                let rule = event.labels["rule"].map { String($0.prefix(64)) }
                let isThere = rule.flatMap { ruleSet.rule(named: $0) }?.schedule != nil
                note(isThere ? .noRuleMatched : .ruleRemoved, rule: rule, actor: event.source, detail: event.fingerprint)
            }
        case .problem:
            let openedAt = openOrRefresh(key, event: event, open: &open)
            match(event, index: index, key: key, openedAt: openedAt)
        }
    }

    /// Whether a resolve speaks of an earlier occurrence than the open one; it must not close what began after it.
    private func isOlder(_ event: Event, than episode: Episode) -> Bool {
        guard let end = event.endsAt, let start = episode.startsAt else { return false }
        return end < start
    }

    /// - Returns: when the problem's episode was opened.
    private mutating func openOrRefresh(_ key: EpisodeKey, event: Event, open: inout [EpisodeKey: Episode]) -> Timestamp {
        if var episode = open[key], episode.isOpen {
            let beganAnew = event.startsAt.flatMap { start in episode.startsAt.map { start > $0 } } ?? false
            if !beganAnew {
                result.episodes.append(.refresh(key, at: event.receivedAt, startsAt: event.startsAt))
                episode.refresh(at: event.receivedAt, startsAt: event.startsAt)
                open[key] = episode
                return episode.openedAt
            }
            result.episodes.append(.close(key, at: now, ending: .superseded))
        }
        result.episodes.append(.open(key, at: event.receivedAt, startsAt: event.startsAt))
        open[key] = Episode(
            id: EpisodeID(rawValue: 0), key: key, openedAt: event.receivedAt, lastSeenAt: event.receivedAt,
            startsAt: event.startsAt)
        return event.receivedAt
    }

    private mutating func match(_ event: Event, index: Int, key: EpisodeKey, openedAt: Timestamp) {
        var matchedAny = false
        for match in ruleSet.match(event) {
            let rule = match.rule
            switch match.verdict {
            case .match:
                matchedAny = true
                result.runs.append(
                    NewRun(
                        rule: rule.name, revision: ruleSet.revision, episode: key,
                        event: EventReference(delivery: delivery.id, index: index),
                        dueAt: rule.namesServer
                            ? now : max(now, openedAt + max(rule.waitFor ?? .zero, rule.limits.settle)), isUrgent: false,
                        createdAt: now, renewsAfter: max(rule.healthyDelay, limits.cooldown, rule.limits.cooldown)))
                note(.matched, rule: rule.name, actor: event.source, detail: event.fingerprint)
            case .missing(let path):
                matchedAny = true
                note(.conditionMissing, rule: rule.name, actor: event.source, detail: "\(event.fingerprint): no \(path)")
            case .error(let message):
                matchedAny = true
                note(.conditionError, rule: rule.name, actor: event.source, detail: "\(event.fingerprint): \(message)")
            case .noMatch:
                continue
            }
        }
        if !matchedAny {
            if unmatched.count == 0 { unmatched.first = event.fingerprint }
            unmatched.count += 1
        }
    }

    /// Begins a run without a problem for every rule that waits for such an occasion: the end of a problem, an instant.
    /// - Returns: whether any rule had something to say.
    @discardableResult
    private mutating func matchOccasion(_ event: Event, index: Int, reason: Reason) -> Bool {
        let matches = ruleSet.match(event)
        for match in matches {
            let rule = match.rule
            switch match.verdict {
            case .match:
                result.runs.append(
                    NewRun(
                        rule: rule.name, revision: ruleSet.revision, episode: nil,
                        event: EventReference(delivery: delivery.id, index: index), dueAt: now, isUrgent: false, createdAt: now))
                note(reason, rule: rule.name, actor: event.source, detail: event.fingerprint)
            case .missing(let path):
                note(.conditionMissing, rule: rule.name, actor: event.source, detail: "\(event.fingerprint): no \(path)")
            case .error(let message):
                note(.conditionError, rule: rule.name, actor: event.source, detail: "\(event.fingerprint): \(message)")
            case .noMatch: continue
            }
        }
        return !matches.isEmpty
    }

    private mutating func decideCommand(_ event: Event, index: Int) {
        let actor = "\(event.source):\(event.command?.userID ?? "")"
        switch CommandDesk.judge(event, ruleSet: ruleSet) {
        case .accepted(let rule, _):
            result.runs.append(
                NewRun(
                    rule: rule.name, revision: ruleSet.revision, episode: nil,
                    event: EventReference(delivery: delivery.id, index: index), dueAt: now, isUrgent: true, createdAt: now))
            result.audit.append(
                AuditEntry(
                    at: now, kind: .command, reason: .matched, delivery: delivery.id, rule: rule.name, actor: actor,
                    detail: bounded(event.command?.text ?? "")))
        case .answer:
            // Counted before; the store wrote its audit then.
            guard let reply = replies[index] else { return }
            result.audit += reply.audit
            if let url = event.command?.responseURL {
                result.messages.append(
                    MessagePolicy.answer(reply.text, to: .response(source: event.source, url: url)))
            }
        case .refused(let reason, let rule, _):
            result.audit.append(
                AuditEntry(
                    at: now, kind: .command, reason: reason, delivery: delivery.id, rule: rule, actor: actor,
                    detail: bounded(event.command?.text ?? "")))
        }
    }

    private mutating func finish(events: [Event]) {
        if unmatched.count > 0 {
            note(
                .noRuleMatched, rule: nil, actor: delivery.source,
                detail: unmatched.count == 1 ? unmatched.first : "\(unmatched.count) events, the first is \(unmatched.first)")
        }
        if events.isEmpty {
            note(.notice, rule: nil, actor: delivery.source, detail: "the delivery holds no events")
        }
    }

    private mutating func note(_ reason: Reason, rule: String?, actor: String, detail: String) {
        result.audit.append(
            AuditEntry(
                at: now, kind: .decision, reason: reason, delivery: delivery.id, rule: rule, actor: actor, detail: bounded(detail)
            ))
    }

    private func bounded(_ text: String) -> String { String(text.prefix(500)) }
}
