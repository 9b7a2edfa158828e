import JSON
import Rules

/// How long what is built to exhaust the bridge takes until it ends as its error; none may take 50 ms.
enum Bounds {
    private static let limit = 0.05

    static func run() {
        let list = (0..<100).map(String.init).joined(separator: ",")
        let document = Array("{\"source\":\"s\",\"list\":[\(list)],\"text\":\"\(String(repeating: "a", count: 40_000))\"}".utf8)
        let doubled = "[1]" + String(repeating: ".map(x, [x, x])", count: 40)
        for (title, condition) in [
            ("three loops inside each other", "event.list.all(a, event.list.all(b, event.list.all(c, a + b + c >= 0)))"),
            ("a list doubled forty times", "\(doubled) == \(doubled)"),
            ("a text doubled forty times", "['aaaa']" + String(repeating: ".map(x, x + x)", count: 40) + ".size() > 0"),
            ("a pattern that explodes elsewhere", "event.list.exists(a, event.text.matches('(a*)*b'))"),
            ("a text replaced again and again", "event.list.map(a, event.text.replace('a', 'bb')).size() > 0"),
        ] {
            guard let rules = try? CompiledRules(texts: [[condition]], source: "s") else {
                print("bounds: \(title): refused")
                continue
            }
            measure(title) { match(document, RuleMatcher(rules)) }
        }
        measure("parentheses 129 deep") { load(String(repeating: "(", count: 129) + "true" + String(repeating: ")", count: 129)) }
        measure("8 KiB and a byte of source") { load("true || true" + String(repeating: " ", count: 8_181)) }
        guard let rules = try? CompiledRules(texts: [["event.labels.a == 'x'"]], source: "s") else { return }
        let matcher = RuleMatcher(rules)
        measure("a body of a million brackets") { match([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000), matcher) }
        let members = (0..<20_000).map { number in
            "\"" + (0..<15).map { bit in number >> bit & 1 == 0 ? "Aa" : "BB" }.joined() + "\":1"
        }
        let colliding = Array("{\"source\":\"s\",\"labels\":{\(members.joined(separator: ","))}}".utf8)
        measure("20,000 keys with one hash") { match(colliding, matcher) }
    }

    private static func measure(_ title: String, _ body: () -> String) {
        var outcome = ""
        let seconds = Measure.best(1) { outcome = body() }
        let verdict = seconds < limit ? "" : ", TOO LONG"
        print("bounds: \(title): \(RuleBench.rounded(seconds * 1_000)) ms, \(outcome)\(verdict)")
    }

    private static func match(_ bytes: [UInt8], _ matcher: RuleMatcher) -> String {
        do throws(JSONError) {
            let result = bytes.withUnsafeBytes { buffer in
                Result { () throws(JSONError) in try matcher.match(buffer, source: "s") }
            }
            return try result.get().isEmpty ? "no match" : "match"
        } catch {
            return "refused: \(error.code.rawValue)"
        }
    }

    private static func load(_ condition: String) -> String {
        do throws(EvaluationFailure) {
            _ = try CompiledRules(texts: [[condition]], source: "s")
            return "loaded"
        } catch {
            return "refused: \(error.message)"
        }
    }
}
