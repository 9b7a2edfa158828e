import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: ${{ }} in values")
struct RulesTemplateTests {
    private static let context = EvaluationContext(
        event: RulesFixture.alert(
            ["a": "x", "evil": "${{ event.labels.a }} }} \" ' \r\n\u{0} {{ !tag", "half": "${{"],
            payload: ["n": 3, "list": [1, "b"], "nothing": nil, "big": 1e300, "half": 1.5]),
        server: RulesFixture.server)

    private func outcome(_ text: String) -> String {
        do {
            let template = Template(
                source: text, segments: try TemplateParser.parse(text), vars: .map(CELMap(texts: [("v", 7)])),
                zones: .fixedOffsetsOnly)
            return String(decoding: try template.render(Self.context).serialized(), as: UTF8.self)
        } catch let failure as EvaluationFailure {
            return "!\(failure.kind.rawValue)"
        } catch let error as CELSyntaxError {
            return "!syntax \(error.span.lowerBound): \(error.message)"
        } catch {
            return "!"
        }
    }

    @Test(
        "types are kept where the value is whole, and become text within a text",
        arguments: [
            ("${{ event.payload.n }}", "3"), ("n=${{ event.payload.n }}", "\"n=3\""), ("${{ event.payload.n }} ", "\"3 \""),
            ("${{ event.payload.list }}", "[1,\"b\"]"), ("x${{ event.payload.list }}", "!no_such_overload"),
            ("${{ event.payload.nothing }}", "null"), ("x${{ event.payload.nothing }}", "!no_such_overload"),
            ("${{ event.received_at }}", "\"2026-11-21T18:40:00Z\""),
            ("at ${{ event.received_at }}", "\"at 2026-11-21T18:40:00Z\""),
            ("${{ duration(\"90s\") }}", "\"90s\""), ("${{ vars.v }}${{ vars.v }}", "\"77\""),
            ("${{ event.payload.half }}h", "\"1.5h\""),
            ("${{ event.labels.nope }}", "!missing"), ("x ${{ event.labels.nope }}", "!missing"), ("${{ b\"x\" }}", "!type"),
            ("${{ 0.0 / 0.0 }}", "!invalid_value"), ("${{ 18446744073709551615u }}", "!overflow"), ("${{ {1: 2} }}", "!type"),
            ("${{ event.labels.?a }}", "\"x\""), ("${{ event.labels.?nope }}", "!missing"),
            ("${{ {\"a\": {\"b\": 1}} }}", "{\"a\":{\"b\":1}}"),
            ("${{ {\"a\": {\"b\": 1}}}}", "{\"a\":{\"b\":1}}"), ("${{ \"}}\" }}", "\"}}\""),
            ("${{ '}}' + r\"}}\" }}!", "\"}}}}!\""),
            ("plain", "\"plain\""), ("", "\"\""), ("$${{ x }}", "\"${{ x }}\""), ("$$${{ x }}", "\"$${{ x }}\""),
            ("$ {{ x }}", "\"$ {{ x }}\""),
            ("${ x }", "\"${ x }\""), ("a }} b", "\"a }} b\""),
        ])
    func render(_ text: String, _ expected: String) {
        #expect(outcome(text) == expected, "\(text)")
    }

    @Test(
        "mistakes have a place in the whole text",
        arguments: [
            ("ab ${{ x", "!syntax 3: `${{` is not closed"), ("ab ${{", "!syntax 3: `${{` is not closed"),
            ("ab ${{ }}", "!syntax 3: `${{ }}` is empty"),
            ("${{ x }", "!syntax 6: `${{` ends with `}}`, not with `}`"), ("${{ a = b }}", "!syntax 6: `=` is not an operator"),
            ("${{ a b }}", "!syntax 6: expected an operator before `b`"),
            ("x ${{ a ${{ b }} }}", "!syntax 8: `$` has no meaning in an expression"),
        ])
    func mistakes(_ text: String, _ expected: String) {
        #expect(outcome(text) == expected)
    }

    @Test("what an event holds is never scanned again")
    func dataStaysData() throws {
        let evil = "${{ event.labels.a }} }} \" ' \r\n\u{0} {{ !tag"
        for text in ["${{ event.labels.evil }}", "<${{ event.labels.evil }}>", "${{ event.labels.half }} event.labels.a }}"] {
            let template = Template(source: text, segments: try TemplateParser.parse(text), vars: .null, zones: .fixedOffsetsOnly)
            let rendered = try template.renderText(Self.context)
            let expected =
                ["${{ event.labels.evil }}": evil, "<${{ event.labels.evil }}>": "<\(evil)>"][text] ?? "${{ event.labels.a }}"
            #expect(Array(rendered.utf8) == Array(expected.utf8))
        }
    }

    @Test("a text that grows too long is refused")
    func tooLong() throws {
        var event = RulesFixture.alert(["a": String(repeating: "x", count: 40_000)])
        event.payload = .string("y")
        let text = "${{ event.labels.a }}${{ event.labels.a }}"
        let template = Template(source: text, segments: try TemplateParser.parse(text), vars: .null, zones: .fixedOffsetsOnly)
        #expect { try template.renderText(EvaluationContext(event: event)) } throws: { ($0 as? EvaluationFailure)?.kind == .cost }
    }
}
