import Model
import Testing

@testable import Rules

@Suite("rules: schemas by the source's kind")
struct RulesSchemaTests {
    /// The findings of a condition in a rule whose source is of that kind.
    private func findings(_ condition: String, _ kind: SourceKindName?) -> [String] {
        let text = RulesFixture.alertRule("trigger: main", "when:\n  - '\(condition)'", "target: event.fingerprint")
        let load = RuleSet.load(
            [RuleSource(name: "a.yaml", text: text)], revision: RuleSetRevision(rawValue: "r"), sources: ["main"],
            kinds: kind.map { ["main": $0] } ?? [:], floor: Limits())
        return load.diagnostics.map { "\($0.code.rawValue) \($0.message)\($0.hint.map { " / \($0)" } ?? "")" }
    }

    @Test(
        "what every kind has, and what only one has",
        arguments: [
            ("event.labels.a == \"b\"", ["alertmanager", "generic", nil]),
            ("event.status == \"problem\"", ["alertmanager", "slack", nil]),
            ("event.user.id == \"U1\"", ["slack", nil]),
            ("event.starts_at < event.received_at", ["alertmanager", "generic", nil]),
            ("event.text == \"x\"", ["slack", "new-kind", nil]),
            ("event.payload.labels.a == \"b\"", ["alertmanager", "generic", nil]),
            ("event.payload.anything.at.all > 5", ["alertmanager", "generic", "slack", nil]),
            ("event.payload.user_name == \"steve\"", ["slack", "generic", nil]),
            ("has(event.payload.silenceURL) || \"x\" in event.payload", ["alertmanager"]),
            ("event.payload.generatorURL == null", ["alertmanager"]),
        ] as [(String, [String?])])
    func known(_ condition: String, _ kinds: [String?]) {
        for kind in kinds {
            #expect(findings(condition, kind.map { SourceKindName(rawValue: $0) }) == [], "\(kind ?? "unknown")")
        }
    }

    @Test(
        "an undeclared field is an error, with what was meant",
        arguments: [
            (
                "event.user.id == \"x\"", "alertmanager",
                "R022 `event` has no field `user` / only a chat command has it; this source is of kind `alertmanager`"
            ),
            (
                "event.labels.a == \"x\"", "slack",
                "R022 `event` has no field `labels` / only an alert has it; this source is of kind `slack`"
            ),
            ("event.lables.a == \"x\"", "alertmanager", "R022 `event` has no field `lables` / did you mean `labels`?"),
            ("event.user.nmae == \"x\"", "slack", "R022 `event.user` has no field `nmae` / did you mean `name`?"),
            (
                "event.payload.labels.cpu > 90", "alertmanager",
                "R024 `>` does not compare a text with a whole number / convert it: `double(event.payload.labels.cpu)`"
            ),
            (
                "event.payload.startsAt > event.received_at", "alertmanager",
                "R024 `>` does not compare a text with a timestamp / convert it: `timestamp(event.payload.startsAt)`"
            ),
            (
                "event.payload.user_id == 1", "slack",
                "R024 a text never equals a whole number / convert it: `double(event.payload.user_id)`"
            ),
        ])
    func unknown(_ condition: String, _ kind: String, _ expected: String) {
        #expect(findings(condition, SourceKindName(rawValue: kind)) == [expected])
    }

    @Test("every kind declares a part of what the common schema declares, under the same types")
    func parts() throws {
        guard case .record(let common) = EventSchema.event(of: nil) else { throw Unexpected() }
        for kind in [SourceKindName.alertmanager, .generic, .slack] {
            guard case .record(let record) = EventSchema.event(of: kind) else { throw Unexpected() }
            for field in record.fields where field.name != "payload" {
                #expect(common.type(of: field.name)?.text == field.type.text, "\(kind.rawValue) \(field.name)")
            }
            #expect(Set(record.fields.map(\.name)).union(record.elsewhere.keys) == Set(common.fields.map(\.name)))
        }
    }

    private struct Unexpected: Error {}

    @Test("every field of an event with everything in it is declared")
    func everything() throws {
        var event = RulesFixture.command("reboot x")
        event.labels = ["a": "b"]
        event.endsAt = RulesFixture.now
        event.startsAt = RulesFixture.now
        guard case .map(let map)? = EventValues(event).value(named: "event") else { throw Unexpected() }
        let names = map.entries.compactMap { entry in
            if case .string(let name) = entry.key { return name }
            return nil
        }
        #expect(names == EventSchema.fields)
    }
}
