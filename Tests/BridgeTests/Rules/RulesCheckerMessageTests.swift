import Testing

@testable import Rules

/// What the checker says: the code, the part of the expression that is meant, the message and the hint.
@Suite("rules: what the checker says")
struct RulesCheckerMessageTests {
    private static let scope = ExpressionScope(
        names: [
            ("event", EventSchema.event(of: nil)), ("server", ServerSchema.server), ("fleet", .list(ServerSchema.server)),
            ("vars", .record(title: "`vars`", fields: [("pool", .string), ("max", .int)])),
        ], absent: ["args": "only a rule with a command has arguments"])

    @Test("findings", arguments: cases)
    func finding(_ text: String, _ expected: String) throws {
        let zones = TimeZoneCatalog { _ in nil }
        let (_, problems) = ExpressionChecker.check(try CELExpression(text), scope: Self.scope, zones: zones)
        let bytes = Array(text.utf8)
        let shown = problems.map { problem in
            let part = String(decoding: bytes[problem.span], as: UTF8.self)
            return "\(problem.code.rawValue) [\(part)] \(problem.message)\(problem.hint.map { " / \($0)" } ?? "")"
        }
        #expect(shown.joined(separator: "; ") == expected)
    }

    private static let cases: [(String, String)] = [
        (
            #"severity == "x""#,
            #"R021 [severity] unknown name `severity` / did you mean `event.labels.severity`?"#
        ),
        (
            #"event.labels.cpu > 90"#,
            #"R024 [event.labels.cpu > 90] `>` does not compare a text with a whole number / convert it: `double(event.labels.cpu)`"#
        ),
        (
            #"event.labels.cpu * 2 > 5"#,
            #"R024 [event.labels.cpu * 2] `*` does not take a text and a whole number / convert it: `int(event.labels.cpu)`"#
        ),
        (
            #"2 * double(event.labels.cpu) > 5.0"#,
            #"R024 [2 * double(event.labels.cpu)] `*` does not take a whole number and a number / write `2.0`"#
        ),
        (
            #"vars.max * 1.5 > 2.0"#,
            #"R024 [vars.max * 1.5] `*` does not take a whole number and a number / convert it: `double(vars.max)`"#
        ),
        (
            #"event.labels.a + 1 == "b1""#,
            #"R024 [event.labels.a + 1] `+` does not take a text and a whole number / write `"1"`"#
        ),
        (
            #"1 + 2u == 3u"#,
            #"R024 [1 + 2u] `+` does not take int and uint / bring them to one type: `int(…)` or `uint(…)`"#
        ),
        (
            #"event.received_at + 5 > event.starts_at"#,
            #"R024 [event.received_at + 5] `+` does not take a timestamp and a whole number"#
        ),
        (
            #"event.labels.env == null"#,
            #"R024 [event.labels.env == null] a text is never null / whether it is there: `has(event.labels.env)`"#
        ),
        (
            #"null == event.labels.env"#,
            #"R024 [null == event.labels.env] a text is never null / whether it is there: `has(event.labels.env)`"#
        ),
        (
            #"event.labels.env == true"#,
            #"R024 [event.labels.env == true] a text never equals true or false / compare with a text: "true""#
        ),
        (
            #"event.labels == event.status"#,
            #"R024 [event.labels == event.status] a map never equals a text"#
        ),
        (
            #"[1] < [2]"#,
            #"R024 [[1] < [2]] `<` does not order lists"#
        ),
        (
            #"event.labels < event.annotations"#,
            #"R024 [event.labels < event.annotations] `<` does not order maps"#
        ),
        (
            #"!event.labels.a"#,
            #"R024 [event.labels.a] `!` takes true or false, not a text / compare it: `event.labels.a == …`"#
        ),
        (
            #"!event.labels.?a"#,
            #"R024 [event.labels.?a] `!` takes true or false, not an optional / add `.orValue(false)`"#
        ),
        (
            #"-event.status == "x""#,
            #"R024 [event.status] `-` does not take a text"#
        ),
        (
            #"event.status && true"#,
            #"R024 [event.status] `&&` takes true or false, not a text / compare it: `event.status == …`"#
        ),
        (
            #"event.status ? 1 : 2"#,
            #"R024 [event.status] `? :` takes true or false, not a text / compare it: `event.status == …`"#
        ),
        (
            #"event.labels[1] == "x""#,
            #"R024 [1] the map's keys are texts, not a whole number"#
        ),
        (
            #"vars[1] == "x""#,
            #"R024 [1] the map's keys are texts, not a whole number"#
        ),
        (
            #"[1, 2]["a"] == 1"#,
            #"R024 ["a"] a list's index is a whole number, not a text"#
        ),
        (
            #"event.status[0] == "p""#,
            #"R024 [event.status] a text has no elements"#
        ),
        (
            #"1 in event.labels"#,
            #"R024 [1 in event.labels] a whole number is never a key of a map whose keys are texts"#
        ),
        (
            #"1 in vars"#,
            #"R024 [1 in vars] a whole number is never a key of a map whose keys are texts"#
        ),
        (
            #"event.labels.cpu in [80, 90]"#,
            #"R024 [event.labels.cpu in [80, 90]] a text is never in a list of whole numbers / convert it: `double(event.labels.cpu)`"#
        ),
        (
            #""x" in event.labels.?a"#,
            #"R024 [event.labels.?a] `in` looks in a list or a map, not in an optional / add `.orValue([])`"#
        ),
        (
            #"event.labels.a.size == 3"#,
            #"R022 [size] a text has no field `size` / a function is called with parentheses: `size(…)`"#
        ),
        (
            #"event.labels.a.legnth == 3"#,
            #"R022 [legnth] a text has no field `legnth`"#
        ),
        (
            #"event.labels.a.foo.bar == 3"#,
            #"R022 [foo] a text has no field `foo`"#
        ),
        (
            #"vars.pol == "x""#,
            #"R022 [pol] `vars` has no field `pol` / did you mean `pool`?"#
        ),
        (
            #"vars["pol"] == "x""#,
            #"R022 ["pol"] `vars` has no field `pol` / did you mean `pool`?"#
        ),
        (
            #"server.hostnam == "x""#,
            #"R022 [hostnam] `server` has no field `hostnam` / did you mean `hostname`?"#
        ),
        ("server[\"new\"] == \"x\" && server.plan.brand_new == 1", ""),
        ("server.ip_address == null && server.id == 5", ""),
        (
            #"server.name > 5"#,
            #"R024 [server.name > 5] `>` does not compare a text with a whole number / convert it: `double(server.name)`"#
        ),
        (
            #"args.x == 1"#,
            #"R021 [args] `args` is not known here: only a rule with a command has arguments"#
        ),
        (
            #"lower(event.labels.a) == "x""#,
            #"R023 [lower] unknown function `lower` / did you mean `lowerAscii`?"#
        ),
        (
            #"event.labels.a.toLower() == "x""#,
            #"R023 [toLower] unknown function `toLower` / did you mean `lowerAscii`?"#
        ),
        (
            #"abs(vars.max) > 1"#,
            #"R023 [abs] unknown function `abs` / did you mean `math.abs`?"#
        ),
        (
            #"math.absolut(vars.max) > 1"#,
            #"R023 [absolut] unknown function `math.absolut`"#
        ),
        (
            #"math.ab(vars.max) > 1"#,
            #"R023 [ab] unknown function `math.ab` / did you mean `math.abs`?"#
        ),
        (
            #"contains(event.labels.a, "x")"#,
            #"R023 [contains] `contains` is not called like this / it belongs to a value: `x.contains(…)`"#
        ),
        (
            #"event.labels.a.int() > 1"#,
            #"R023 [int] `int` is not called like this / it stands alone: `int(…)`"#
        ),
        (
            #"event.labels.a.startsWith()"#,
            #"R023 [startsWith] `startsWith` takes one argument, not 0"#
        ),
        (
            #"event.labels.a.replace("a") == """#,
            #"R023 [replace] `replace` takes 2 to 3 arguments, not 1"#
        ),
        (
            #"event.labels.a.substring(1, 2, 3) == """#,
            #"R023 [substring] `substring` takes 1 to 2 arguments, not 3"#
        ),
        (
            #"event.labels.a.startsWith(1)"#,
            #"R024 [startsWith] `startsWith` takes a text, not a whole number"#
        ),
        (
            #"event.labels.?a.startsWith("b")"#,
            #"R024 [startsWith] `startsWith` takes a text, not an optional / add `.orValue("")`"#
        ),
        (
            #"vars.max.startsWith("b")"#,
            #"R024 [startsWith] `startsWith` takes a text, not a whole number / convert it: `string(vars.max)`"#
        ),
        (
            #"size(vars.max) > 1"#,
            #"R024 [size] `size` does not take a whole number"#
        ),
        (
            #"int(event.labels) > 1"#,
            #"R024 [int] `int` does not take a map"#
        ),
        (
            #"event.labels.t.getHours() > 5"#,
            #"R024 [getHours] `getHours` takes a timestamp or a duration, not a text / convert it: `timestamp(event.labels.t)`"#
        ),
        (
            #"event.labels.a.hasValue()"#,
            #"R024 [hasValue] `hasValue` takes an optional, not a text / an optional comes from `.?`, such as `event.labels.?name`"#
        ),
        (
            #"event.labels.a.orValue("b") == "b""#,
            #"R024 [orValue] `orValue` takes an optional, not a text / an optional comes from `.?`, such as `event.labels.?name`"#
        ),
        (
            #"math.greatest(event.labels.a, 1) > 1"#,
            #"R024 [event.labels.a] `math.greatest` takes a number or a whole number, not a text / convert it: `double(event.labels.a)`"#
        ),
        (
            #"math.sqrt(event.labels.a) > 1.0"#,
            #"R024 [math.sqrt] `math.sqrt` takes a number or a whole number, not a text / convert it: `double(event.labels.a)`"#
        ),
        (
            #"math.floor(vars.max) > 1.0"#,
            #"R024 [math.floor] `math.floor` takes a number, not a whole number / convert it: `double(vars.max)`"#
        ),
        (
            #"math.bitAnd(1, 2u) == 1"#,
            #"R024 [math.bitAnd] `math.bitAnd` does not take (int, uint) / bring them to one type: `int(…)`, `uint(…)` or `double(…)`"#
        ),
        (
            #"event.labels.a.split(1).size() > 1"#,
            #"R024 [split] `split` takes a text, not a whole number"#
        ),
        (
            #"event.labels.all(k, event.labels[k])"#,
            #"R024 [event.labels[k]] `all` takes true or false, not a text"#
        ),
        (
            #"event.status.all(c, true)"#,
            #"R024 [event.status] `all` walks a list or a map, not a text"#
        ),
        (
            #"event.labels.?a.exists(c, true)"#,
            #"R024 [event.labels.?a] `exists` walks a list or a map, not an optional / add `.orValue([])`"#
        ),
        (
            #"event.labels.filter(k, 1).size() > 0"#,
            #"R024 [1] `filter` takes true or false, not a whole number"#
        ),
        (
            #"event.labels.transformMapEntry(k, v, v).size() > 0"#,
            #"R024 [v] `transformMapEntry` makes maps, not a text / its body is a map such as `{k: v}`"#
        ),
        (
            #"event.status.optMap(x, x).hasValue()"#,
            #"R024 [event.status] `optMap` takes an optional, not a text / an optional comes from `.?`, such as `event.labels.?name`"#
        ),
        (
            #"event.labels.?a.optFlatMap(x, x).hasValue()"#,
            #"R024 [x] `optFlatMap` makes an optional, not a text / use `optMap`"#
        ),
        (
            #"[?event.status].size() > 0"#,
            #"R024 [event.status] `?` before an element takes an optional, not a text / an optional comes from `.?`, such as `event.labels.?name`"#
        ),
        (
            #"timestamp("yesterday") < event.received_at"#,
            #"R027 ["yesterday"] not a date / write it like `2026-01-31T12:00:00Z`"#
        ),
        (
            #"int("x") > 1"#,
            #"R027 ["x"] not a number"#
        ),
        (
            #"event.status.matches("(")"#,
            #"R027 ["("] a `(` in the pattern is not closed"#
        ),
        (
            #"event.received_at.getHours("Mars/Base") > 5"#,
            #"R027 ["Mars/Base"] there is no time zone `Mars/Base` / write it like `Europe/Berlin`, `+02:00` or `UTC`"#
        ),
        (
            #"event.status == "ok""#,
            #"R013 ["ok"] `event.status` is never "ok" / whatever the sender says, here it is "resolved""#
        ),
        ("event.labels.a == event.payload.b && event.payload.c > 5", ""),
    ]
}
