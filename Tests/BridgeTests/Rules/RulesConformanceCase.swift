import JSON

@testable import Rules

/// One conformance test: what is read, checked and evaluated, and what has to come of it.
struct RulesConformanceCase {
    enum Outcome {
        case passed
        case failed(String)
    }

    /// What the type checker says about a test's expression.
    enum Verdict {
        /// It has this type, written as in the tests: `list(int)`.
        case type(String)
        case refused(String)
    }

    let json: JSONValue
    let engine: RulesConformanceEngine

    init(_ json: JSONValue, engine: RulesConformanceEngine) {
        self.json = json
        self.engine = engine
    }

    func outcome() -> Outcome {
        guard let text = json["expr"]?.stringValue, let expect = json["expect"] else { return .failed("no expression") }
        let expectsError = expect["error"] != nil
        let shown = text.prefix(100)
        do {
            let expression = try CELExpression(text)
            var type: String?
            if json["disableCheck"] != .bool(true) {
                switch try check(expression) {
                case .type(let deduced): type = deduced
                case .refused(let problem): return expectsError ? .passed : .failed("\(shown) was refused: \(problem)")
                }
            }
            if let wanted = expect["deducedType"]?.stringValue, let type, !type.utf8.elementsEqual(wanted.utf8) {
                return .failed("\(shown) has the type \(type), not \(wanted)")
            }
            if json["checkOnly"] != .bool(true) {
                let value = try engine.value(
                    of: expression, variables: variables(), zones: Self.zones(of: expression.root),
                    container: json["container"]?.stringValue ?? "")
                if expectsError { return .failed("expected an error, got \(RulesConformanceValue.text(value))") }
                if let wanted = try expect["value"].map(RulesConformanceValue.read), !RulesConformanceValue.isSame(value, wanted)
                {
                    return .failed(
                        "\(shown) gave \(RulesConformanceValue.text(value)), not \(RulesConformanceValue.text(wanted))")
                }
            }
            return .passed
        } catch is RulesConformanceValue.Unreadable {
            return .failed("the test can not be read")
        } catch {
            return expectsError ? .passed : .failed("\(shown) failed: \(error)")
        }
    }

    /// The type checker's part: `variables` and `functions` of the test declare the names, `container` resolves them.
    private func check(_ expression: CELExpression) throws -> Verdict {
        let (type, problems) = ExpressionChecker.check(expression, scope: try ExpressionScope(conformanceTest: json))
        return problems.first.map { .refused($0.message) } ?? .type(type.text)
    }

    private func variables() throws -> CELVariableTable {
        var table = CELVariableTable()
        for member in json["bindings"]?.objectValue?.members ?? [] {
            table.values[member.name] = try RulesConformanceValue.read(member.value)
        }
        return table
    }

    /// The time zones that the expression names, where the machine has them.
    private static func zones(of root: CELNode) -> CELTimeZones {
        let catalog = TimeZoneCatalog { RulesFiles.bytes("/usr/share/zoneinfo/\($0)") }
        var pending = [root]
        while let node = pending.popLast() {
            pending += node.children
            if case .call(let call) = node.kind, call.function?.library == .time,
                case .literal(.string(let name))? = call.arguments.first?.kind
            {
                _ = catalog.knows(name)
            }
        }
        return catalog.zones
    }
}
