import Testing

@testable import Rules

@Suite("rules: patterns of matches()")
struct RulesPatternTests {
    private static func outcome(_ pattern: String, _ text: String) -> String {
        do {
            var meter = CELMeter()
            return String(try Pattern(pattern).matches(text, meter: &meter))
        } catch is PatternError {
            return "refused"
        } catch {
            return "cost"
        }
    }

    @Test(
        "RE2's syntax",
        arguments: [
            ("", "", "true"), ("b", "abc", "true"), ("^b", "abc", "false"), ("c$", "abc", "true"), ("^abc$", "abc\n", "false"),
            ("a.c", "a\nc", "false"),
            ("(?s)a.c", "a\nc", "true"), ("(?m)^b$", "a\nb\nc", "true"), ("(?i)HeLLo", "hEllO", "true"),
            ("(?i)stra\u{DF}e", "STRA\u{DF}E", "true"),
            ("(?i)\u{C4}", "\u{E4}", "true"), ("a|b|", "z", "true"), ("^(a|b)+$", "abba", "true"),
            ("^(?:ab){2,3}$", "ababab", "true"),
            ("^(?:ab){2,3}$", "abababab", "false"), ("^a{0}$", "", "true"), ("^a{2,}$", "aaa", "true"),
            ("a{,2}", "a{,2}", "true"),
            ("^x*?$", "xxx", "true"), ("[a-c]+", "xxb", "true"), ("^[^a-c]+$", "xyb", "false"), ("[]a]", "]", "true"),
            ("[a-]", "-", "true"),
            ("[[:digit:]]+", "a1", "true"), ("[[:^digit:]]", "1", "false"), ("\\d+\\s\\w+", "12 ab", "true"),
            ("\\D", "1", "false"), ("[\\D1]", "1", "true"),
            ("\\bcat\\b", "a cat.", "true"), ("\\bcat\\b", "concat", "false"), ("\\Bcat", "concat", "true"),
            ("\\Aab\\z", "ab", "true"),
            ("\\x41\\x{1F600}", "A\u{1F600}", "true"), ("\\Qa.b\\E", "axb", "false"), ("\\Qa.b\\E", "a.b", "true"),
            ("a\\.b", "a.b", "true"),
            ("(?P<name>a)(?<other>b)", "ab", "true"), ("(?i:a)b", "AB", "false"), ("(?i)a(?-i)b", "AB", "false"),
            ("^.$", "\u{1F600}", "true"),
            ("^..$", "e\u{301}", "true"), ("(a*)*b", "aaab", "true"), ("()*", "", "true"), ("(?:)+", "x", "true"),
            ("{", "{", "true"), ("x{a}", "x{a}", "true"),
            ("(", "", "refused"), (")", "", "refused"), ("[", "", "refused"), ("[b-a]", "", "refused"), ("*", "", "refused"),
            ("a**", "", "refused"),
            ("a{1001}", "", "refused"), ("a{3,2}", "", "refused"), ("(a)\\1", "", "refused"), ("(?=a)", "", "refused"),
            ("(?<!a)", "", "refused"),
            ("\\pL", "", "refused"), ("\\", "", "refused"), ("\\y", "", "refused"), ("(?z)", "", "refused"),
            ("[[:nope:]]", "", "refused"),
            ("{2}", "", "refused"), ("((a{100}){100}){100}", "", "refused"), ("((){1000}){1000}", "", "refused"),
        ])
    func syntax(_ pattern: String, _ text: String, _ expected: String) {
        #expect(Self.outcome(pattern, text) == expected, "\(pattern) on \(text)")
    }

    @Test(
        "what explodes elsewhere ends here, by an answer or by the cost limit",
        arguments: [
            "(a*)*b", "(a|aa)+$b", "(a+)+$b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y", "(a?){500}a{500}b",
            "((a{0,30}){0,30}){0,5}b",
        ])
    func explosions(_ pattern: String) {
        for count in [20, 200, 5_000] {
            #expect(["false", "cost"].contains(Self.outcome(pattern, String(repeating: "a", count: count) + "!")))
        }
    }

    @Test("deep groups and long patterns are refused")
    func bounds() {
        #expect(Self.outcome(String(repeating: "(", count: 64) + String(repeating: ")", count: 64), "") == "true")
        #expect(Self.outcome(String(repeating: "(", count: 65) + String(repeating: ")", count: 65), "") == "refused")
        #expect(Self.outcome(String(repeating: "a", count: 512), "") == "false")
        #expect(Self.outcome(String(repeating: "a", count: 513), "") == "refused")
    }

    @Test("the same answers as a plain backtracker, on small patterns and texts")
    func differential() {
        var random = RulesRandom(seed: 99)
        func atom(_ depth: Int) -> PatternTree {
            switch random.below(depth == 0 ? 3 : 6) {
            case 0: return .take(.one("a"))
            case 1: return .take(.one("b"))
            case 2: return [.assert(.textStart), .assert(.textEnd), .empty, .assert(.wordBoundary)][random.below(4)]
            case 3: return .sequence([atom(depth - 1), atom(depth - 1)])
            case 4: return .choice([atom(depth - 1), atom(depth - 1)])
            default:
                let min = random.below(3)
                return .repetition(atom(depth - 1), min: min, max: [nil, min, min + 1][random.below(3)])
            }
        }
        for _ in 0..<700 {
            let tree = atom(3)
            var compiler = PatternCompiler()
            guard (try? compiler.emit(tree)) != nil, (try? compiler.append(.accept)) != nil else { continue }
            let pattern = Pattern(program: compiler.program)
            let text = (0..<random.below(6)).map { _ in ["a", "b", " "][random.below(3)] }.joined()
            let scalars = Array(text.unicodeScalars)
            var meter = CELMeter()
            let expected = (0...scalars.count).contains { !Self.ends(tree, scalars, [$0]).isEmpty }
            #expect((try? pattern.matches(text, meter: &meter)) == expected, "\(tree) on \(text)")
        }
    }

    /// Where a tree can end when it begins at one of these places: by sets, straight from the definition.
    private static func ends(_ tree: PatternTree, _ text: [Unicode.Scalar], _ starts: Set<Int>) -> Set<Int> {
        switch tree {
        case .empty: return starts
        case .take(let set): return Set(starts.filter { $0 < text.count && set.contains(text[$0]) }.map { $0 + 1 })
        case .assert(let assertion):
            return starts.filter { place in
                let before = place > 0 && text[place - 1] != " "
                let after = place < text.count && text[place] != " "
                switch assertion {
                case .textStart: return place == 0
                case .textEnd: return place == text.count
                default: return before != after
                }
            }
        case .sequence(let parts): return parts.reduce(starts) { ends($1, text, $0) }
        case .choice(let branches): return branches.reduce(into: []) { $0.formUnion(ends($1, text, starts)) }
        case .repetition(let body, let min, let max):
            var current = starts
            for _ in 0..<min { current = ends(body, text, current) }
            var all = current
            for _ in 0..<(max.map { $0 - min } ?? text.count + 1) {
                current = ends(body, text, current)
                all.formUnion(current)
            }
            return all
        }
    }
}
