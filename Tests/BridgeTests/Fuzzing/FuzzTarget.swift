import JSON
import Model

@testable import Rules

/// What reads text that strangers or tired people wrote, each as a function of any bytes.
///
/// The same function is driven by libFuzzer (`scripts/fuzz`) and, with the kept corpus and seeded mutations, by the default tests.
/// A crash and a hang are found by the driver; what else must hold, ``run(_:)`` says.
enum FuzzTarget: String, CaseIterable {
    case json
    case expression
    case pattern
    case template
    case ruleFile = "rule-file"

    /// What should have held and did not; `nil` when all is well.
    func run(_ bytes: [UInt8]) -> String? {
        switch self {
        case .json: Self.json(bytes)
        case .expression: Self.expression(bytes)
        case .pattern: Self.pattern(bytes)
        case .template: Self.template(bytes)
        case .ruleFile: Self.ruleFile(bytes)
        }
    }

    /// What is accepted reads back as the same value; what is refused names a place in the text.
    private static func json(_ bytes: [UInt8]) -> String? {
        do throws(JSONError) {
            let value = try JSONValue.parse(bytes)
            // Escapes may lengthen the text, which is not what is asked here.
            let again = try JSONValue.parse(value.serialized(), limits: JSONLimits(maxBytes: 8 * 1_048_576))
            return again == value ? nil : "reads back as \(again)"
        } catch {
            return (0...bytes.count).contains(error.offset) ? nil : "offset \(error.offset) of \(bytes.count)"
        }
    }

    /// A mistake lies within the text; whatever parses can be evaluated within its cost limit, twice with the same outcome.
    private static func expression(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(CELSyntaxError) {
            let expression = try CELExpression(text)
            let first = outcome(expression)
            return first == outcome(expression) ? nil : "two evaluations differ: \(first)"
        } catch {
            return isWithin(error.span, text) ? nil : "span \(error.span) of \(text.utf8.count)"
        }
    }

    private static func outcome(_ expression: CELExpression) -> String {
        var evaluator = CELEvaluator(variables: variables)
        do throws(EvaluationFailure) {
            return "\(try evaluator.value(of: expression).type) for \(evaluator.cost)"
        } catch {
            return "\(error) for \(evaluator.cost)"
        }
    }

    private static let variables = CELVariableTable([
        "event": CELValue(
            .object([
                "status": "firing", "labels": .object(["alertname": "HostDown", "server": "web-03", "n": "95"]),
                "values": .object(["cpu": .double(93.5), "count": .int(3)]), "list": .array([.int(1), .string("a"), .null]),
            ])),
        "x": .int(7), "t": .string("text"),
    ])

    /// The first line is a pattern, the rest a text.
    private static func pattern(_ bytes: [UInt8]) -> String? {
        let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        guard let pattern = try? Pattern(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        let text = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
        var meter = CELMeter()
        guard let first = try? pattern.matches(text, meter: &meter) else { return nil }
        var second = CELMeter()
        guard let again = try? pattern.matches(text, meter: &second) else { return "a second match failed" }
        return first == again && meter.spent == second.spent ? nil : "two matches differ"
    }

    /// A mistake lies within the text; a text without `${{` stays as it is.
    private static func template(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(CELSyntaxError) {
            let segments = try TemplateParser.parse(text)
            guard !bytes.windowsContain("${{") else { return nil }
            if text.utf8.isEmpty, segments.isEmpty { return nil }
            guard segments.count == 1, case .text(let plain) = segments[0], plain.utf8.elementsEqual(text.utf8) else {
                return "a plain text became \(segments.count) parts"
            }
            return nil
        } catch {
            return isWithin(error.span, text) ? nil : "span \(error.span) of \(text.utf8.count)"
        }
    }

    /// Every finding points into the file, and what loads without a finding loads the same way again.
    private static func ruleFile(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        func load() -> RuleSetLoad {
            RuleSet.load(
                [RuleSource(name: "fuzz.yaml", text: text)], revision: RuleSetRevision(rawValue: "fuzz"), sources: nil,
                floor: Limits())
        }
        let first = load()
        for finding in first.diagnostics where finding.line < 1 || finding.column < 1 || finding.length < 1 {
            return "\(finding.code.rawValue) at \(finding.line):\(finding.column)"
        }
        if first.ruleSet == nil, !first.diagnostics.hasErrors { return "refused without an error" }
        return first.diagnostics == load().diagnostics ? nil : "two loads differ"
    }

    private static func isWithin(_ span: Range<Int>, _ text: String) -> Bool {
        span.lowerBound >= 0 && span.upperBound <= text.utf8.count + 1
    }
}
