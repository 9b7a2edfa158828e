/// Function calls: names, number of arguments, and constants that can be judged now.
extension ExpressionChecker {
    static let memberNames =
        CELFunction.allCases.filter { $0.memberArity != nil }.map(\.rawValue) + CELComprehension.Macro.allCases.map(\.rawValue)
    static let globalNames = CELFunction.allCases.filter { $0.globalArity != nil }.map(\.rawValue) + ["has"]

    mutating func infer(_ call: CELCall, _ node: CELNode) -> StaticType {
        guard let function = call.function else { return unknown(call) }
        let arity = call.target == nil ? function.globalArity : function.memberArity
        guard let arity else { return wrongForm(call, function) }
        let target = call.target.map { infer($0) }
        let types = call.arguments.map { infer($0) }
        guard arity.contains(call.arguments.count) else {
            report(
                .unknownFunction, "`\(call.name)` takes \(Self.count(arity)), not \(call.arguments.count)", at: call.nameSpan)
            return .dyn
        }
        checkConstant(function, call)
        switch function {
        case .startsWith, .endsWith, .contains, .matches: return text(function, call, target, types)
        case .size: return size(call, target ?? types[0])
        case .hasValue, .value, .orValue, .or: return optional(function, call, target ?? .dyn, types)
        case .optionalOf, .optionalOfNonZeroValue: return .optional(types[0])
        case .optionalNone: return .optional(.dyn)
        case .dyn: return .dyn
        case .bool, .bytes, .double, .duration, .int, .string, .timestamp, .type, .uint:
            return conversion(function, call, types[0])
        default: return function.library == .time ? part(function, call, target ?? .dyn) : .dyn
        }
    }

    // MARK: - Names

    private mutating func unknown(_ call: CELCall) -> StaticType {
        if let target = call.target { _ = infer(target) }
        for argument in call.arguments { _ = infer(argument) }
        let names = call.target == nil ? Self.globalNames : Self.memberNames
        let others = call.target == nil ? Self.memberNames : Self.globalNames
        var hint = Suggestion.hint(for: call.name, among: names)
        if hint == nil, let near = Suggestion.nearest(to: call.name, among: others) {
            hint = call.target == nil ? "did you mean `x.\(near)(…)`?" : "did you mean `\(near)(…)`?"
        }
        switch call.name {
        case "now": hint = "there is no clock but `event.received_at`"
        case "len", "length", "count": hint = "did you mean `size`?"
        case "str": hint = "did you mean `string`?"
        case "float": hint = "did you mean `double`?"
        case "includes" where call.target != nil, "has" where call.target != nil: hint = "did you mean `contains`?"
        case "any": hint = "did you mean `exists`?"
        default: break
        }
        report(.unknownFunction, "unknown function `\(call.name)`", hint: hint, at: call.nameSpan)
        return .dyn
    }

    private mutating func wrongForm(_ call: CELCall, _ function: CELFunction) -> StaticType {
        if let target = call.target { _ = infer(target) }
        for argument in call.arguments { _ = infer(argument) }
        let hint =
            call.target == nil
            ? "it belongs to a value: `x.\(function.rawValue)(…)`" : "it stands alone: `\(function.rawValue)(…)`"
        report(.unknownFunction, "`\(function.rawValue)` is not called like this", hint: hint, at: call.nameSpan)
        return .dyn
    }

    private static func count(_ arity: ClosedRange<Int>) -> String {
        if arity == 0...0 { return "no arguments" }
        if arity == 1...1 { return "one argument" }
        return "\(arity.lowerBound) to \(arity.upperBound) arguments"
    }

    // MARK: - Types

    private mutating func text(
        _ function: CELFunction, _ call: CELCall, _ target: StaticType?, _ types: [StaticType]
    ) -> StaticType {
        for (index, type) in ([target].compactMap { $0 } + types).enumerated() where !type.allows(.string) {
            var hint: String?
            if function == .contains, case .list = type, index == 0 { hint = "for a list, write `x in list`" }
            if case .optional = type { hint = "add `.orValue(\"\")`" }
            report(.typeMismatch, "`\(function.rawValue)` takes a text, not \(type.title)", hint: hint, at: call.nameSpan)
        }
        return .plain(.bool)
    }

    private mutating func size(_ call: CELCall, _ type: StaticType) -> StaticType {
        if let known = type.type, ![.string, .bytes, .list, .map].contains(known) {
            report(.typeMismatch, "`size` does not take \(type.title)", at: call.nameSpan)
        }
        return .plain(.int)
    }

    private mutating func optional(
        _ function: CELFunction, _ call: CELCall, _ target: StaticType, _ types: [StaticType]
    ) -> StaticType {
        guard target.allows(.optional) else {
            report(
                .typeMismatch, "`\(function.rawValue)` takes an optional, not \(target.title)",
                hint: "an optional comes from `.?`, such as `event.labels.?name`", at: call.nameSpan)
            return .dyn
        }
        guard case .optional(let inner) = target else { return .dyn }
        switch function {
        case .hasValue: return .plain(.bool)
        case .value: return inner
        case .orValue: return .either(inner, types[0])
        default: return target
        }
    }

    private mutating func conversion(_ function: CELFunction, _ call: CELCall, _ type: StaticType) -> StaticType {
        let result: [CELFunction: CELType] = [
            .bool: .bool, .bytes: .bytes, .double: .double, .duration: .duration, .int: .int, .string: .string,
            .timestamp: .timestamp,
            .type: .type, .uint: .uint,
        ]
        if function != .type, let known = type.type, [.list, .map, .optional, .null, .type].contains(known) {
            var hint: String?
            if case .optional = type { hint = "add `.orValue(…)`" }
            report(.typeMismatch, "`\(function.rawValue)` does not take \(type.title)", hint: hint, at: call.nameSpan)
        }
        return result[function].map { .plain($0) } ?? .dyn
    }

    private mutating func part(_ function: CELFunction, _ call: CELCall, _ target: StaticType) -> StaticType {
        if !target.allows(.timestamp), !target.allows(.duration) {
            report(
                .typeMismatch, "`\(function.rawValue)` takes a timestamp or a duration, not \(target.title)",
                hint: target.type == .string ? "convert it: `timestamp(…)`" : nil, at: call.nameSpan)
        }
        return .plain(.int)
    }

    // MARK: - Constants

    /// A constant that can not be converted fails on every event.
    private mutating func checkConstant(_ function: CELFunction, _ call: CELCall) {
        guard let argument = call.arguments.last, case .literal(.string(let text)) = argument.kind else { return }
        switch function {
        case .timestamp where CELTimestamp(text: text) == nil:
            report(.badConstant, "not a date", hint: "write it like `2026-01-31T12:00:00Z`", at: argument.span)
        case .duration where CELDuration(text: text) == nil:
            report(
                .badConstant, "not a span of time", hint: "write it like `90s` or `1h30m`; the largest unit is the hour",
                at: argument.span)
        case .int where Int64(text) == nil, .double where CELNumberText.double(text) == nil, .uint where UInt64(text) == nil:
            report(.badConstant, "not a number", at: argument.span)
        case .matches:
            do throws(PatternError) { _ = try Pattern(text) } catch { report(.badConstant, error.message, at: argument.span) }
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes, .getSeconds,
            .getMilliseconds:
            if !zones.knows(text) {
                report(
                    .badConstant, "there is no time zone `\(text)`", hint: "write it like `Europe/Berlin`, `+02:00` or `UTC`",
                    at: argument.span)
            }
        default: break
        }
    }
}
