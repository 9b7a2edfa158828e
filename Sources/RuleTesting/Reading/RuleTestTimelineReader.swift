import Engine
import JSON
import Model
import Rules
import Webhooks

/// Reads a test's timeline: steps in the order of their instants.
struct RuleTestTimelineReader {
    let file: String
    let ruleSet: RuleSet
    let settings: RuleTestSettings
    let servers: [Server]
    let start: Timestamp
    let readFile: @Sendable (String) -> [UInt8]?
    let collector: DiagnosticCollector

    private static let keys =
        ["at", "event", "command", "approve", "deny", "server", "probe", "pull", "api", "http", "expect"]
        + RuleTestPauseReader.keys
    private static let elsewhere: [String: String] = {
        var hints: [String: String] = [:]
        for key in ExpectationReader.keys { hints[key] = "it belongs in `expect`: `expect: {\(key): …}`" }
        for key in ["labels", "annotations", "file", "body"] { hints[key] = "it belongs in `event`: `event: {\(key): …}`" }
        return hints
    }()

    func read(_ node: YAMLNode) -> [RuleTestStep] {
        guard let items = node.list("`timeline`", max: RuleTestLimits.steps, collector) else { return [] }
        if items.isEmpty {
            collector.report(node.diagnostic(.outOfRange, "`timeline` is empty", hint: "it has at least one step"))
        }
        var steps: [RuleTestStep] = []
        var deliveries = 0
        for item in items {
            guard let step = readStep(item, after: steps.last?.at) else { continue }
            deliveries += step.deliveries.reduce(0) { $0 + 1 + ($1.repeats?.times ?? 0) }
            if deliveries > RuleTestLimits.deliveries {
                collector.report(
                    item.diagnosticAtStart(.outOfRange, "the test has more than \(RuleTestLimits.deliveries) deliveries"))
                return steps
            }
            steps.append(step)
        }
        return steps
    }

    private func readStep(_ node: YAMLNode, after before: Duration?) -> RuleTestStep? {
        guard let fields = YAMLMapping(node, keys: Self.keys, of: "a step", elsewhere: Self.elsewhere, collector) else {
            return nil
        }
        guard let at = readInstant(fields, after: before) else { return nil }
        let world = RuleTestWorldReader(collector: collector)
        var step = RuleTestStep(at: at, place: RuleTestPlace(fields["at"] ?? node))
        for node in fields["server"]?.oneOrMany ?? [] { step.changes += world.readChange(node, among: servers) }
        for node in fields["probe"]?.oneOrMany ?? [] { step.changes += world.readProbe(node, among: servers) }
        for node in fields["pull"]?.oneOrMany ?? [] { step.changes += readPull(node, at: at) }
        for node in fields["http"]?.oneOrMany ?? [] { step.changes += world.readAnswer(node) }
        if let node = fields["api"] { step.changes += world.readFaults(node) }
        step.changes += RuleTestPauseReader(ruleSet: ruleSet, settings: settings, servers: servers, collector: collector)
            .read(fields)
        for node in fields["event"]?.oneOrMany ?? [] { if let event = readEvent(node) { step.deliveries.append(event) } }
        for node in fields["command"]?.oneOrMany ?? [] { if let command = readCommand(node) { step.deliveries.append(command) } }
        for verdict in ["approve", "deny"] {
            for node in fields[verdict]?.oneOrMany ?? [] {
                if let vote = readVote(node, verdict) { step.deliveries.append(vote) }
            }
        }
        if let node = fields["expect"] {
            step.expectations = ExpectationReader(ruleSet: ruleSet, collector: collector).read(node)
        }
        return step
    }

    private func readInstant(_ fields: YAMLMapping, after before: Duration?) -> Duration? {
        guard let node = fields["at"] else { return before ?? .zero }
        guard let at = node.duration("`at`", collector) else { return nil }
        if let before, at < before {
            collector.report(
                node.diagnostic(
                    .outOfRange, "`at` goes back: the step before is at \(YAMLDuration.text(before))",
                    hint: "`at` counts from the test's start, not from the step before"))
            return nil
        }
        guard at <= RuleTestLimits.span else {
            collector.report(
                node.diagnostic(.outOfRange, "a timeline reaches to \(YAMLDuration.text(RuleTestLimits.span)) at most"))
            return nil
        }
        return at
    }

    /// `pull: {source: alertmanager, answer: silenced, for: 2h}`: what the source's own API says from now on.
    private func readPull(_ node: YAMLNode, at: Duration) -> [WorldChange] {
        guard let fields = YAMLMapping(node, keys: ["source", "answer", "for"], of: "`pull`", collector),
            let source = readSource(fields),
            let answer = fields.required("answer")?
                .choice("`answer`", among: ["firing", "silenced", "gone", "unavailable"], collector)
        else { return [] }
        let span = fields["for"].flatMap { $0.duration("`for`", collector) }
        if fields["for"] != nil, !answer.utf8.elementsEqual("silenced".utf8) {
            collector.report((fields.key("for") ?? node).diagnostic(.unknownKey, "only a silence has a `for`"))
        }
        switch answer {
        case "firing": return [.evidence(source.name, .firing)]
        case "gone": return [.evidence(source.name, .gone)]
        case "unavailable": return [.evidence(source.name, .unavailable("the test says so"))]
        default: return [.evidence(source.name, .silenced(until: span.map { start + at + $0 }, why: "silenced"))]
        }
    }

    // MARK: What comes in

    private func readEvent(_ node: YAMLNode) -> TestDelivery? {
        let keys = ["source", "file", "body", "labels", "annotations", "status", "headers", "repeat"]
        guard let fields = YAMLMapping(node, keys: keys, of: "`event`", collector), let source = readSource(fields) else {
            return nil
        }
        guard let content = readContent(fields, kind: source.kind) else { return nil }
        var delivery = TestDelivery(source: source.name, content: content, place: RuleTestPlace(node))
        if let headers = fields["headers"]?.texts("`headers`", collector) {
            delivery.headers = headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        }
        if let node = fields["repeat"] { delivery.repeats = readRepeat(node) }
        check(delivery, source: source, at: node)
        return delivery
    }

    private func readSource(_ fields: YAMLMapping) -> WebhookSource? {
        guard let node = fields.required("source"), let name = node.string("`source`", collector) else { return nil }
        if let source = settings.sources.values.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return source }
        let names = settings.sources.keys.sorted()
        collector.report(
            node.diagnostic(
                .unknownSource, "there is no source `\(name)`",
                hint: Suggestion.hint(for: name, among: names)
                    ?? "known: \(names.joined(separator: ", ")); add it: `config: {sources: {\(name): alertmanager}}`"))
        return nil
    }

    private func readContent(_ fields: YAMLMapping, kind: SourceKind) -> TestDelivery.Content? {
        let given = ["file", "body", "labels"].filter { fields[$0] != nil }
        guard given.count == 1 else {
            collector.report(
                fields.node.diagnosticAtStart(
                    .missingKey, "`event` takes exactly one of `file`, `body` and `labels`",
                    hint: "an alert in short: `labels: {alertname: HostDown}`"))
            return nil
        }
        for key in ["status", "annotations"] where fields["labels"] == nil && fields[key] != nil {
            collector.report((fields.key(key) ?? fields.node).diagnostic(.unknownKey, "`\(key)` goes with `labels` only"))
        }
        if let node = fields["file"] { return readRecorded(node).map { .bytes($0) } }
        if let node = fields["body"] {
            return .bytes(node.scalar.map { Array($0.text.utf8) } ?? node.json.serialized())
        }
        guard let node = fields["labels"] else { return nil }
        guard AlertBody.supports(kind) else {
            collector.report(
                (fields.key("labels") ?? node).diagnostic(
                    .notSupported, "a source of kind `\(kind.rawValue)` has no alerts in short",
                    hint: "give `file`, a recorded body, or `body`"))
            return nil
        }
        let status = fields["status"].map { $0.choice("`status`", among: ["firing", "resolved"], collector) } ?? "firing"
        return .alert(
            TestAlert(
                labels: node.texts("`labels`", collector),
                annotations: fields["annotations"]?.texts("`annotations`", collector) ?? [:], isFiring: status != "resolved"))
    }

    private func readRecorded(_ node: YAMLNode) -> [UInt8]? {
        guard let name = node.string("`file`", collector) else { return nil }
        guard let path = RuleTestPath.beside(file, name), let bytes = readFile(path) else {
            collector.report(
                node.diagnostic(
                    .unknownValue, "the recorded body `\(name)` can not be read",
                    hint: "paths are relative to the folder of this file; at most 1 MiB"))
            return nil
        }
        return bytes
    }

    private func readRepeat(_ node: YAMLNode) -> (every: Duration, times: Int)? {
        guard let fields = YAMLMapping(node, keys: ["every", "times"], of: "`repeat`", collector),
            let everyNode = fields.required("every"), let every = everyNode.duration("`every`", collector),
            let times = fields.required("times")?.int("`times`", in: 1...RuleTestLimits.repeats, collector)
        else { return nil }
        guard every >= .seconds(1), every <= RuleTestLimits.span else {
            collector.report(
                everyNode.diagnostic(.outOfRange, "`every` has to be 1s to \(YAMLDuration.text(RuleTestLimits.span))"))
            return nil
        }
        return (every, times)
    }

    private func readCommand(_ node: YAMLNode) -> TestDelivery? {
        let keys = ["source", "text", "user", "user_name", "channel"]
        guard let fields = YAMLMapping(node, keys: keys, of: "`command`", collector), let source = readSource(fields) else {
            return nil
        }
        guard CommandBody.supports(source.kind) else {
            collector.report(
                (fields["source"] ?? node).diagnostic(
                    .unknownValue, "source `\(source.name)` is of kind `\(source.kind.rawValue)`: people give no commands there"))
            return nil
        }
        guard let textNode = fields.required("text"), let text = textNode.string("`text`", collector),
            let user = fields.required("user")?.identifier("`user`", collector)
        else { return nil }
        guard text.utf8.first == UInt8(ascii: "/") else {
            collector.report(
                textNode.diagnostic(.unknownValue, "a command begins with a slash", hint: "write `text: /\(text)`"))
            return nil
        }
        let channel = fields["channel"].flatMap { $0.identifier("`channel`", collector) } ?? CommandBody.channel
        let name = fields["user_name"].flatMap { $0.string("`user_name`", collector) } ?? "tester"
        let delivery = TestDelivery(
            source: source.name, content: .command(TestCommand(text: text, user: user, userName: name, channel: channel)),
            place: RuleTestPlace(node))
        check(delivery, source: source, at: node)
        return delivery
    }

    /// `approve: {rule: host-down, by: U012}`: somebody answers the question that the rule's run asks.
    private func readVote(_ node: YAMLNode, _ verdict: String) -> TestDelivery? {
        guard let fields = YAMLMapping(node, keys: ["rule", "by", "source"], of: "`\(verdict)`", collector),
            let ruleNode = fields.required("rule"), let rule = ruleNode.string("`rule`", collector),
            let user = fields.required("by")?.identifier("`by`", collector)
        else { return nil }
        guard ExpectationReader(ruleSet: ruleSet, collector: collector).isRule(rule, ruleNode) else { return nil }
        let chats = settings.sources.values.filter { CommandBody.supports($0.kind) }.sorted { $0.name < $1.name }
        let chosen = fields["source"] == nil ? chats.first : readSource(fields)
        guard let source = chosen else { return nil }
        guard CommandBody.supports(source.kind) else {
            collector.report(
                (fields["source"] ?? node).diagnostic(
                    .unknownValue, "source `\(source.name)` is of kind `\(source.kind.rawValue)`: people give no answers there"))
            return nil
        }
        return TestDelivery(
            source: source.name, content: .vote(TestVote(rule: rule, verdict: verdict, user: user)), place: RuleTestPlace(node))
    }

    /// What the source's kind would refuse is a mistake of the test.
    private func check(_ delivery: TestDelivery, source: WebhookSource, at node: YAMLNode) {
        var sender = TestSender()
        do throws(WebhookRejection) {
            _ = try Webhooks.decode(sender.request(delivery, source: source, now: start), source: source)
        } catch {
            collector.report(
                node.diagnosticAtStart(
                    .unknownValue, "source `\(source.name)` of kind `\(source.kind.rawValue)` would refuse it: \(error.message)"))
        }
    }
}
