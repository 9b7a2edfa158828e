/// Constants that can be judged now.
extension ExpressionChecker {
    private static let zoned: Set<String> = [
        "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes",
        "getSeconds", "getMilliseconds",
    ]

    /// A constant that can not be converted fails on every event.
    mutating func checkConstant(_ function: String, _ call: CELCall) {
        guard let zones, let argument = call.arguments.last, case .literal(.string(let text)) = argument.kind else { return }
        switch function {
        case "timestamp" where CELTimestamp(text: text) == nil:
            report(.badConstant, "not a date", hint: "write it like `2026-01-31T12:00:00Z`", at: argument.span)
        case "duration" where CELDuration(text: text) == nil:
            report(
                .badConstant, "not a span of time", hint: "write it like `90s` or `1h30m`; the largest unit is the hour",
                at: argument.span)
        case "int" where Int64(text) == nil, "double" where CELNumberText.double(text) == nil, "uint" where UInt64(text) == nil:
            report(.badConstant, "not a number", at: argument.span)
        case "matches":
            do throws(PatternError) { _ = try Pattern(text) } catch { report(.badConstant, error.message, at: argument.span) }
        case let name where Self.zoned.contains(name) && !zones.knows(text):
            report(
                .badConstant, "there is no time zone `\(text)`", hint: "write it like `Europe/Berlin`, `+02:00` or `UTC`",
                at: argument.span)
        default: break
        }
    }

    /// `event.status` has four values; comparing it with another is the commonest rule that never fires.
    mutating func checkStatus(_ left: CELNode, _ right: CELNode) {
        for (path, literal) in [(left, right), (right, left)] {
            guard path.path == "event.status", case .literal(.string(let text)) = literal.kind,
                !["problem", "resolved", "command", "notice"].contains(where: { $0.utf8.elementsEqual(text.utf8) })
            else { continue }
            let words: [String: String] = ["firing": "problem", "alerting": "problem", "ok": "resolved", "down": "problem"]
            let hint = words[text].map { "whatever the sender says, here it is \"\($0)\"" }
            report(
                .unknownValue, "`event.status` is never \"\(text)\"",
                hint: hint ?? "it is \"problem\", \"resolved\", \"command\" or \"notice\"", at: literal.span)
        }
    }
}
