import Testing

@testable import Rules

@Suite("rules: format of the strings extension")
struct RulesCELFormatTests {
    @Test(
        "what each clause writes",
        arguments: [
            ("'%s'", "'str'", "str"), ("%%", "", "%"), ("%%%s%%", "1", "%1%"), ("", "", ""), ("x%sy%sz", "1, 2", "x1y2z"),
            ("%s", "true", "true"), ("%s", "-42", "-42"), ("%s", "42u", "42"), ("%s", "2.0", "2"), ("%s", "0.1", "0.1"),
            ("%s", "1e21", "1000000000000000000000"), ("%s", "1e-7", "0.0000001"), ("%s", "0.0/0.0", "NaN"),
            ("%s", "1.0/0.0", "Infinity"), ("%s", "-1.0/0.0", "-Infinity"), ("%s", "null", "null"), ("%s", "b'xyz'", "xyz"),
            ("%s", "b'a\\xff\\xfe\\xffb\\xc3'", "a\u{fffd}b\u{fffd}"), ("%s", "type('')", "string"),
            ("%s", "timestamp('2023-02-03T23:31:20+00:00')", "2023-02-03T23:31:20Z"), ("%s", "duration('1h45m47s')", "6347s"),
            ("%s", "duration('-1.5s')", "-1.5s"), ("%s", "[1, 'a', [2.5, null]]", "[1, a, [2.5, null]]"), ("%s", "[]", "[]"),
            ("%s", "{'b': 1, 'a': [2], 3: true}", "{3: true, a: [2], b: 1}"), ("%s", "{}", "{}"),
            ("%d", "-5", "-5"), ("%d", "5u", "5"), ("%d", "2.5", "2.5"), ("%d", "-1.0/0.0", "-Infinity"),
            ("%b", "5", "101"), ("%b", "-5", "-101"), ("%b", "5u", "101"), ("%b", "true", "1"), ("%b", "false", "0"),
            ("%o", "8", "10"), ("%o", "-8", "-10"), ("%x", "30", "1e"), ("%X", "30u", "1E"), ("%x", "-30", "-1e"),
            ("%x", "'Hello'", "48656c6c6f"), ("%X", "b'\\xab\\x0c'", "AB0C"), ("%x", "-9223372036854775808", "-8000000000000000"),
        ])
    func clauses(_ format: String, _ arguments: String, _ expected: String) {
        let text = "\"\(format)\".format([\(arguments)])"
        #expect(RulesExpressionOutcome.of(text) == "\"\(format == "'%s'" ? "'str'" : expected)\"", "\(text)")
    }

    @Test(
        "decimals are exact and round half to even",
        arguments: [
            ("%f", "3", "3.000000"), ("%f", "3u", "3.000000"), ("%.3f", "123.4999", "123.500"), ("%.3f", "123.4994", "123.499"),
            ("%.0f", "0.5", "0"), ("%.0f", "1.5", "2"), ("%.0f", "2.5", "2"), ("%.0f", "-2.5", "-2"), ("%.2f", "0.125", "0.12"),
            ("%.2f", "0.375", "0.38"), ("%.1f", "0.05", "0.1"), ("%.1f", "0.25", "0.2"), ("%.2f", "1.005", "1.00"),
            ("%.1f", "9.96", "10.0"), ("%.0f", "9.5", "10"), ("%.2f", "0.001", "0.00"), ("%.2f", "0.005", "0.01"),
            ("%.3f", "0.0005", "0.001"), ("%.20f", "0.1", "0.10000000000000000555"), ("%.1f", "0.0", "0.0"),
            ("%.1f", "-0.0", "-0.0"),
            ("%.0f", "1e22", "10000000000000000000000"), ("%.1f", "1e23", "99999999999999991611392.0"),
            ("%.5f", "5e-324", "0.00000"), ("%f", "0.0/0.0", "NaN"), ("%f", "-1.0/0.0", "-Infinity"),
            ("%.2f", "9223372036854775807", "9223372036854775808.00"),
            ("%e", "2.71828", "2.718280e+00"), ("%.1e", "-3.14", "-3.1e+00"), ("%e", "0.0", "0.000000e+00"),
            ("%.0e", "1.5", "2e+00"),
            ("%.0e", "2.5", "2e+00"), ("%.2e", "99999.0", "1.00e+05"), ("%.3e", "1234567u", "1.235e+06"),
            ("%.0e", "0.96", "1e+00"), ("%.0e", "0.95", "9e-01"),
            ("%e", "5e-324", "4.940656e-324"), ("%e", "1.7976931348623157e308", "1.797693e+308"), ("%.1e", "1e100", "1.0e+100"),
            ("%e", "1.0/0.0", "Infinity"),
        ])
    func decimals(_ format: String, _ argument: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of("'\(format)'.format([\(argument)])") == "\"\(expected)\"", "\(format) of \(argument)")
    }

    @Test(
        "what does not fit is refused",
        arguments: [
            ("'%d'.format(['a'])", "!no_such_overload"), ("'%f'.format(['a'])", "!no_such_overload"),
            ("'%e'.format([true])", "!no_such_overload"), ("'%b'.format(['a'])", "!no_such_overload"),
            ("'%b'.format([1.0])", "!no_such_overload"), ("'%o'.format([1.0])", "!no_such_overload"),
            ("'%x'.format([1.0])", "!no_such_overload"), ("'%d'.format([null])", "!no_such_overload"),
            ("'%s'.format([optional.of(1)])", "!no_such_overload"), ("'%s'.format([[ip('::1')]])", "!no_such_overload"),
            ("'%s %s'.format([1])", "!invalid_value"), ("'%s'.format([])", "!invalid_value"),
            ("'%'.format([1])", "!invalid_value"),
            ("'%.'.format([1.0])", "!invalid_value"), ("'%.f'.format([1.0])", "!invalid_value"),
            ("'%.101f'.format([1.0])", "!invalid_value"), ("'%.99999999999999999999f'.format([1.0])", "!invalid_value"),
            ("'%.-1f'.format([1.0])", "!invalid_value"), ("'%a'.format([1])", "!invalid_value"),
            ("'%5d'.format([1])", "!invalid_value"),
            ("'%s'.format('a')", "!no_such_overload"), ("'%s'.format([1], 'de')", "!no_such_overload"),
            ("'%s'.format([1, 2])", "\"1\""),
        ])
    func refusals(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }

    @Test("%f and %e read back as the number")
    func roundTrip() {
        var random = RulesRandom(seed: 11)
        for _ in 0..<500 {
            let number = Double(bitPattern: random.next())
            guard number.isFinite else { continue }
            #expect(Double(CELExactDecimal(number).scientific(17)) == number)
            if number.magnitude > 1e-80 { #expect(Double(CELExactDecimal(number).fixed(100)) == number) }
        }
    }
}
