import Testing

@testable import Rules

@Suite("rules: reading YAML")
struct RulesYAMLTests {
    private func codes(_ text: String) -> [DiagnosticCode] {
        YAMLDocument.parse(text: text, file: "f.yaml").1.map(\.code)
    }

    @Test(
        "plain scalars by the core schema of YAML 1.2",
        arguments: [
            ("no", "a text"), ("yes", "a text"), ("on", "a text"), ("off", "a text"), ("y", "a text"), ("true", "true or false"),
            ("True", "true or false"), ("tRUE", "a text"), ("1:30", "a text"), ("12:30:45", "a text"), ("2001-01-01", "a text"),
            ("1_000", "a text"), ("0o17", "a whole number"), ("017", "a whole number"), ("0x1F", "a whole number"),
            ("0b1", "a text"),
            ("-12", "a whole number"), ("+12", "a whole number"), ("1.5", "a number"), (".5", "a number"), ("1.", "a number"),
            ("1e3", "a number"), (".inf", "a number"), ("inf", "a text"), ("nan", "a text"), (".", "a text"), ("-", "nothing"),
            ("~", "nothing"), ("null", "nothing"), ("", "nothing"), ("'1'", "a text"), ("\"true\"", "a text"), ("=", "a text"),
            ("99999999999999999999", "a number"),
        ])
    func scalars(_ text: String, _ kind: String) throws {
        guard text != "-" else { return }
        let (root, problems) = YAMLDocument.parse(text: "key: \(text)\n", file: "f.yaml")
        #expect(problems.isEmpty)
        guard case .mapping(let entries) = try #require(root).content else {
            Issue.record("no mapping")
            return
        }
        #expect(entries[0].value.kindTitle == kind)
    }

    @Test(
        "what is refused",
        arguments: [
            ("a: &x 1\n", [.yamlAnchor]), ("a: &x 1\nb: *x\n", [.yamlAnchor, .yamlAnchor]), ("a: *x\n", [.yamlAnchor]),
            ("a: {<<: {b: 1}}\n", [.yamlAnchor]), ("a: !t 1\n", [.yamlTag]), ("a: !!str 1\n", [.yamlTag]),
            ("a: !!set {b}\n", [.yamlTag]),
            ("a: 1\na: 2\n", [.yamlDuplicateKey]), ("a: {b: 1, 'b': 2}\n", [.yamlDuplicateKey]), ("{a: 1}: 2\n", [.wrongKind]),
            ("? [a]\n: 2\n", [.wrongKind]), ("a: [\n", [.yamlSyntax]), ("a: 1\n---\nb: 2\n", [.yamlSyntax]),
            ("a: \u{1}\n", [.yamlSyntax]),
            ("%YAML 3.0\n---\na: 1\n", [.yamlSyntax]), ("a: \"\\ud800\"\n", [.yamlSyntax]), ("\"a\": 1\n", []),
            ("a: '*x & !y'\n", []),
            ("\u{FEFF}a: 1\n", []), ("# only a comment\n", []), ("", []),
        ] as [(String, [DiagnosticCode])])
    func refusals(_ text: String, _ expected: [DiagnosticCode]) {
        #expect(codes(text) == expected)
    }

    @Test("alias bombs, deep files and large files end at once")
    func bombs() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
        }
        #expect(codes(bomb) == [.yamlAnchor])
        #expect(codes(bomb.replacing(" *", with: "\u{2028}*") + "? *a30\n: 1\n").first == .yamlAnchor, "other line breaks")
        #expect(codes(bomb + "? *a30\n: 1\n") == [.yamlAnchor], "the parser would compare the keys")
        let small = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n? *c\n: 1\n"
        #expect(Set(codes(small)) == [.yamlAnchor, .wrongKind])
        for count in [40, 900, 5_000, 200_000] {
            #expect(codes(String(repeating: "[", count: count)).first == .yamlSyntax)
            let nested = codes(String(repeating: "[", count: count) + String(repeating: "]", count: count))
            #expect(nested == [.yamlTooLarge] || nested == [.yamlSyntax], "\(count)")
            #expect(!codes(String(repeating: "- ", count: count) + "x").isEmpty)
        }
        #expect(codes(String(repeating: "a", count: YAMLDocument.maxBytes + 1)) == [.yamlTooLarge])
        #expect(codes("[" + String(repeating: "a,", count: YAMLDocument.maxNodes) + "]") == [.yamlTooLarge])
    }

    @Test(
        "places in every style of scalar",
        arguments: [
            ("k: abc def\n", 4, "1:8"), ("k:   abc\n", 2, "1:8"), ("k: 'it''s b'\n", 5, "1:11"),
            ("k: \"a\\tb\\u0041 c\"\n", 5, "1:16"),
            ("k: |\n  ab\n    cd\n", 5, "3:5"), ("k: >\n  ab\n  cd\n", 3, "3:3"), ("k: ab\n  cd\n", 3, "2:3"),
            ("k: \"ab\n   cd\"\n", 3, "2:4"), ("k: |-\n\n  x\n", 1, "3:3"), ("k: \u{E4}\u{1F600}z\n", 6, "1:6"),
            ("k: abc\n", 99, "1:7"), ("k: ''\n", 3, "1:4"),
        ])
    func places(_ text: String, _ offset: Int, _ expected: String) throws {
        let (root, _) = YAMLDocument.parse(text: text, file: "f.yaml")
        guard case .mapping(let entries) = try #require(root).content else {
            Issue.record("no mapping")
            return
        }
        let (line, column) = entries[0].value.position(ofByte: offset)
        #expect("\(line):\(column)" == expected)
    }

    @Test(
        "spans of time",
        arguments: [
            ("90s", .seconds(90)), ("2m", .seconds(120)), ("1h30m", .seconds(5_400)), ("7d", .seconds(604_800)),
            ("500ms", .milliseconds(500)),
            ("1d2h3m4s5ms", .milliseconds(93_784_005)), ("0s", .zero), ("", nil), ("s", nil), ("1", nil), ("1 m", nil),
            ("1m1h", nil), ("1m1m", nil),
            ("-1m", nil), ("1.5h", nil), ("1M", nil), ("1w", nil), ("99999d", nil), ("9999999999999999999999s", nil),
            ("\u{661}s", nil),
        ] as [(String, Duration?)])
    func spans(_ text: String, _ expected: Duration?) {
        #expect(YAMLDuration.parse(text) == expected)
        if let expected { #expect(YAMLDuration.parse(YAMLDuration.text(expected)) == expected) }
    }

    @Test("mutated rule files are read or refused, never anything else")
    func mutations() {
        let seed = Array(RulesFixture.alertRule("limits: {cooldown: 1h}", "for: 2m", "when: |\n  event.labels.a == \"b\"").utf8)
        var random = RulesRandom(seed: 5)
        for _ in 0..<600 {
            var bytes = seed
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
                case 1:
                    let marks = Array("&*!|>{}[]:,-#'\"%@`\n\t ?\u{0}".utf8)
                    bytes[place] = marks[random.below(marks.count)]
                default: bytes.insert(contentsOf: Array(bytes[place...].prefix(random.below(40))), at: place)
                }
            }
            let load = RulesFixture.load(String(decoding: bytes, as: UTF8.self))
            #expect((load.ruleSet == nil) == load.diagnostics.hasErrors)
            #expect(load.diagnostics.allSatisfy { $0.line >= 1 && $0.column >= 1 })
        }
    }
}
