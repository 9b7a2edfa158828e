import JSON
import Model

@testable import Rules

/// Writes expressions, rules and events at random: every choice comes from a seed.
struct RulesGenerator {
    var random: RulesRandom

    init(seed: UInt64) {
        random = RulesRandom(seed: seed)
    }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[random.below(items.count)] }

    mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }

    // MARK: - Events

    /// Names of labels: two are one text to Swift's `==`, one is longer than a word of eight bytes.
    static let labels = ["a", "b", "c", "alertname", "\u{E9}", "e\u{301}"]
    static let texts = ["x", "y", "", "xy", "xyz-0001.example.com", "\u{E9}", "e\u{301}", "firing", "1", "true"]
    private static let numbers: [JSONValue] = [
        0, -0.0, 0.0, 1, 1.0, -1, 1.5, 9_007_199_254_740_991, 9_007_199_254_740_992, 9_007_199_254_740_993,
        9_007_199_254_740_992.0, -9_007_199_254_740_993, 18_446_744_073_709_551_615.0, 1e300, 50, 50.5,
        .int(.max), .int(.min), .double(9_223_372_036_854_775_808.0),
    ]

    /// An alert whose labels and payload have values of all kinds, or not.
    mutating func event() -> Event {
        var labels: [String: String] = [:]
        for name in Self.labels where chance(60) { labels[name] = pick(Self.texts) }
        var event = Event(
            source: "alertmanager", status: .problem, fingerprint: pick(Self.texts), labels: labels,
            annotations: chance(50) ? ["a": pick(Self.texts)] : [:],
            startsAt: chance(50) ? Timestamp(seconds: Int64(random.below(1_000_000))) : nil,
            receivedAt: Timestamp(seconds: 1_795_286_400), payload: .null)
        if chance(90) {
            var payload = JSONObject()
            for name in ["n", "m", "s", "deep", "list", "flag"] where chance(75) {
                payload.members.append(JSONObject.Member(name: name, value: value(depth: name == "deep" ? 2 : 1)))
            }
            event.payload = .object(payload)
        }
        return event
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch random.below(depth > 0 ? 12 : 8) {
        case 0: return .null
        case 1: return .bool(chance(50))
        case 2, 3, 4, 5: return pick(Self.numbers)
        case 6, 7: return .string(pick(Self.texts))
        case 8: return .array((0..<random.below(4)).map { _ in value(depth: depth - 1) })
        case 9: return .double(.nan)
        default:
            var object = JSONObject()
            for name in ["a", "n", "s"] where chance(70) {
                object.members.append(JSONObject.Member(name: name, value: value(depth: depth - 1)))
            }
            return .object(object)
        }
    }

    // MARK: - Expressions

    /// A path of the event, often one that is not there.
    mutating func path() -> String {
        switch random.below(12) {
        case 0, 1, 2: return "event.labels.\(pick(["a", "b", "c", "alertname"]))"
        case 3: return "event.labels[\"\(pick(Self.labels))\"]"
        case 4, 5: return "event.payload.\(pick(["n", "m", "s", "flag"]))"
        case 6: return "event.payload.deep.\(pick(["a", "n", "s"]))"
        case 7: return "event.payload.list[\(random.below(3))]"
        case 8: return "event.\(pick(["status", "fingerprint", "source"]))"
        case 9: return "event.annotations.a"
        case 10: return "event.payload.deep[\"n\"]"
        default: return "event.payload.deep"
        }
    }

    mutating func text() -> String { "\"\(pick(Self.texts))\"" }

    mutating func number() -> String {
        pick([
            "0", "-0.0", "1", "1u", "1.0", "-1", "1.5", "50", "50.5", "9007199254740991", "9007199254740992",
            "9007199254740993", "9007199254740992.0", "-9007199254740993", "9223372036854775807", "-9223372036854775808",
            "18446744073709551615u", "1e300", "vars.limit", "double(\"NaN\")", "2 + 3",
        ])
    }

    mutating func constant() -> String {
        switch random.below(8) {
        case 0, 1, 2: return text()
        case 3, 4: return number()
        case 5: return pick(["true", "false"])
        case 6: return "null"
        default: return "vars.name"
        }
    }

    /// A condition that an index could use.
    mutating func indexable() -> String {
        switch random.below(13) {
        case 0, 1: return "\(path()) == \(constant())"
        case 2: return "\(constant()) == \(path())"
        case 3: return "\(path()) in [\(constant()), \(constant()), \(constant())]"
        case 4:
            let path = path()
            return "\(path) == \(constant()) || \(path) in [\(constant())]"
        case 5: return "\(path()).startsWith(\(text()))"
        case 6: return "\(path()).matches(\"^\(pick(["x", "xy*", "xyz-0+", "(x|y)", "x|y", "fir.ng", "\\\\d"]))\")"
        case 7: return "\(path()) \(pick(["<", "<=", ">", ">="])) \(number())"
        case 8:
            let path = path()
            return "\(path) > \(number()) && \(path) <= \(number())"
        case 9: return "has(event.\(pick(["labels", "payload"])).\(pick(["a", "b", "n"])))"
        case 10: return "event.\(pick(["labels", "payload"])).?\(pick(["a", "b", "n"])).orValue(\(constant())) == \(constant())"
        case 11: return "event.payload.flag"
        default: return "!event.payload.flag"
        }
    }

    /// A condition of any kind.
    mutating func condition(depth: Int = 2) -> String {
        guard depth > 0 else { return indexable() }
        switch random.below(14) {
        case 0, 1, 2: return indexable()
        case 3: return "!(\(condition(depth: depth - 1)))"
        case 4, 5: return "(\(condition(depth: depth - 1))) && (\(condition(depth: depth - 1)))"
        case 6, 7: return "(\(condition(depth: depth - 1))) || (\(condition(depth: depth - 1)))"
        case 8: return "(\(condition(depth: depth - 1))) ? (\(condition(depth: depth - 1))) : (\(condition(depth: depth - 1)))"
        case 9: return "\(path()) != \(constant())"
        case 10: return macro()
        case 11: return "\(expression()) == \(expression())"
        case 12: return "\(path()) == \(path())"
        default: return "(\(condition(depth: depth - 1))) == (\(condition(depth: depth - 1)))"
        }
    }

    private mutating func macro() -> String {
        switch random.below(8) {
        case 0: return "event.labels.exists(k, k == \(text()))"
        case 1: return "event.payload.list.all(x, x == \(constant()))"
        case 2: return "event.payload.list.exists(x, x > \(number()))"
        case 3: return "event.payload.list.filter(x, x != \(constant())).size() > \(random.below(3))"
        case 4: return "event.labels.map(k, event.labels[k]).exists_one(v, v == \(text()))"
        case 5: return "\(text()) in event.labels"
        case 6: return "[1, 2, \(number())].exists(x, x == \(path()))"
        default: return "event.labels.exists(k, v, k == \(text()) && v == \(text()))"
        }
    }

    /// Something that is computed.
    mutating func expression() -> String {
        switch random.below(13) {
        case 0: return "\(path()) + \(constant())"
        case 1: return "\(number()) * \(number())"
        case 2: return "\(number()) / \(pick(["0", "2", "0.0"]))"
        case 3: return "size(\(path()))"
        case 4: return "string(\(path()))"
        case 5: return "int(\(path()))"
        case 6: return "{\(text()): \(path())}[\(text())]"
        case 7: return "[\(path()), ?event.labels.?\(pick(["a", "b"])), \(constant())]"
        case 8: return "event.received_at - event.starts_at"
        case 9: return "event.labels.?\(pick(["a", "b"])).optMap(v, v + \(text()))"
        case 10: return "cel.bind(v, \(path()), v == \(constant()) ? v : \(constant()))"
        case 11: return "event.payload.?deep.?\(pick(["a", "n"])).orValue(\(constant()))"
        default: return "\(path())"
        }
    }

    // MARK: - Rules

    /// The conditions of one rule.
    mutating func conditions() -> [String] {
        (0..<(1 + random.below(4))).map { _ in chance(75) ? indexable() : condition() }
    }

    static let vars: CELValue = .map(CELMap(texts: [("name", "x"), ("limit", 50)]))
}
