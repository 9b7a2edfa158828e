/// What to say when a call fits no form of a function.
extension ExpressionChecker {
    // MARK: - Names

    mutating func reportUnknown(_ call: CELCall) -> StaticType {
        if let target = call.target { _ = check(target) }
        for argument in call.arguments { _ = check(argument) }
        report(.unknownFunction, "unknown function `\(call.name)`", hint: unknownHint(call), at: call.nameSpan)
        return .error
    }

    private func unknownHint(_ call: CELCall) -> String? {
        switch call.name {
        case "now": return "there is no clock but `event.received_at`"
        case "len", "length", "count": return "did you mean `size`?"
        case "str": return "did you mean `string`?"
        case "float": return "did you mean `double`?"
        case "includes" where call.target != nil, "has" where call.target != nil: return "did you mean `contains`?"
        case "any": return "did you mean `exists`?"
        case "lower", "toLower", "downcase": return "did you mean `lowerAscii`?"
        case "upper", "toUpper", "upcase": return "did you mean `upperAscii`?"
        default: break
        }
        let names = call.target == nil ? CELDeclarations.globalNames : CELDeclarations.memberNames
        if let near = Suggestion.hint(for: call.name, among: names) { return near }
        if call.target == nil, let full = names.first(where: { $0.utf8.reversed().starts(with: ".\(call.name)".utf8.reversed()) })
        {
            return "did you mean `\(full)`?"
        }
        let others = call.target == nil ? CELDeclarations.memberNames : CELDeclarations.globalNames
        guard let near = Suggestion.nearest(to: call.name, among: others) else { return nil }
        return call.target == nil ? "did you mean `x.\(near)(…)`?" : "did you mean `\(near)(…)`?"
    }

    // MARK: - Number of arguments

    /// Whether some form is called like this and takes that many arguments.
    mutating func isCallable(_ site: CheckedCall, count: Int) -> Bool {
        let forms = site.overloads.filter { $0.isMember == site.isMember }
        guard !forms.isEmpty else {
            let hint = site.isMember ? "it stands alone: `\(site.name)(…)`" : "it belongs to a value: `x.\(site.name)(…)`"
            report(.unknownFunction, "`\(site.name)` is not called like this", hint: hint, at: site.nameSpan)
            return false
        }
        if CELDeclarations.variadic.contains(site.name), count > 0 { return true }
        let counts = Set(forms.map(\.argumentCount)).sorted()
        guard !counts.contains(count) else { return true }
        report(.unknownFunction, "`\(site.name)` takes \(Self.count(counts)), not \(count)", at: site.nameSpan)
        return false
    }

    private static func count(_ counts: [Int]) -> String {
        let least = counts.first ?? 0
        let most = counts.last ?? 0
        if most == 0 { return "no arguments" }
        if least == most { return least == 1 ? "one argument" : "\(least) arguments" }
        return "\(least) to \(most) arguments"
    }

    // MARK: - Types

    /// Names each argument that no form takes; when each fits some form but no form takes all of them, all are named.
    mutating func reportMismatch(_ site: CheckedCall, _ types: [StaticType]) {
        let forms = site.overloads.filter { $0.isMember == site.isMember && $0.parameters.count == types.count }
        var isReported = false
        for (index, type) in types.enumerated() {
            var wanted: [StaticType] = []
            for form in forms where index < form.parameters.count {
                var names: [String: StaticType] = [:]
                wanted.append(solver.instantiate(form.parameters[index], &names))
            }
            guard !wanted.contains(where: { solver.assign(type, to: $0) }) else { continue }
            isReported = true
            let titles = Self.unique(wanted.map(\.title))
            let takes =
                titles.count <= 2
                ? "takes \(titles.joined(separator: " or ")), not \(type.title)" : "does not take \(type.title)"
            report(
                .typeMismatch, "`\(site.name)` \(takes)", hint: hint(site, index, type, wanted),
                at: site.isMember && index == 0 ? site.nameSpan : spanOfArgument(site, index))
        }
        guard !isReported else { return }
        let all = types.map(\.text).joined(separator: ", ")
        report(.typeMismatch, "`\(site.name)` does not take (\(all))", hint: mixedNumbersHint(site, types), at: site.nameSpan)
    }

    /// The name for the only argument, else the argument itself.
    private func spanOfArgument(_ site: CheckedCall, _ index: Int) -> Range<Int> {
        site.nodes.count <= (site.isMember ? 2 : 1) ? site.nameSpan : site.nodes[index].span
    }

    private func hint(_ site: CheckedCall, _ index: Int, _ type: StaticType, _ wanted: [StaticType]) -> String? {
        let kinds = Set(wanted.compactMap(\.type))
        if type.wrapped != nil { return kinds.contains(.string) ? "add `.orValue(\"\")`" : "add `.orValue(…)`" }
        if kinds.contains(.optional) { return "an optional comes from `.?`, such as `event.labels.?name`" }
        if index == 0, site.isMember, site.name == "contains", type.type == .list { return "for a list, write `x in list`" }
        let path = site.nodes[index].path
        if type.type == .string {
            if kinds.contains(.timestamp) { return path.map { "convert it: `timestamp(\($0))`" } ?? "convert it: `timestamp(…)`" }
            if kinds.contains(.double) { return path.map { "convert it: `double(\($0))`" } }
            if kinds.contains(.int) { return path.map { "convert it: `int(\($0))`" } }
        }
        if kinds == [.string], type.isNumber || type.type == .bool { return path.map { "convert it: `string(\($0))`" } }
        if kinds == [.double], type.isNumber { return "convert it: `double(\(path ?? "…"))`" }
        return nil
    }

    private func mixedNumbersHint(_ site: CheckedCall, _ types: [StaticType]) -> String? {
        types.allSatisfy(\.isNumber) ? "bring them to one type: `int(…)`, `uint(…)` or `double(…)`" : nil
    }

    private static func unique(_ titles: [String]) -> [String] {
        var found: [String] = []
        for title in titles where !found.contains(title) { found.append(title) }
        return found
    }
}
