/// Templates: texts and values with `${{ }}` in them.
extension RuleReader {
    /// What a template becomes, and whether secrets may stand in it.
    enum TemplatePlace {
        /// A text that people read.
        case message
        /// A value that keeps its type.
        case value
        /// A part of an address.
        case encoded
        case header
        case requestText
        case requestValue

        var allowsSecrets: Bool {
            switch self {
            case .header, .requestText, .requestValue: true
            case .message, .value, .encoded: false
            }
        }

        var keepsType: Bool {
            switch self {
            case .value, .requestValue: true
            case .message, .encoded, .header, .requestText: false
            }
        }
    }

    /// A text with `${{ }}` in it.
    func readTemplate(
        _ node: YAMLNode, _ title: String, _ scope: ExpressionScope, place: TemplatePlace = .message
    ) -> Template? {
        guard let text = node.expressionText(title, collector) else { return nil }
        do throws(CELSyntaxError) {
            let segments = try TemplateParser.parse(text)
            let isWhole = segments.count == 1
            var read: [Template.Segment] = []
            for segment in segments {
                guard case .expression(let expression) = segment else {
                    read.append(segment)
                    continue
                }
                if let name = Self.secretName(expression) {
                    checkSecret(name, expression, node, place)
                    read.append(.secret(name))
                } else {
                    check(expression, node, scope, place, isWhole: isWhole)
                    read.append(segment)
                }
            }
            return Template(source: text, segments: read, vars: vars, zones: zones.zones)
        } catch {
            let code: DiagnosticCode = error.message.utf8.starts(with: "`${{".utf8) ? .badTemplate : .expressionSyntax
            report(
                node.diagnostic(error.isTooLarge ? .expressionTooLarge : code, span: error.span, error.message, hint: error.hint))
            return nil
        }
    }

    private func check(
        _ expression: CELExpression, _ node: YAMLNode, _ scope: ExpressionScope, _ place: TemplatePlace, isWhole: Bool
    ) {
        var scope = scope
        scope.absent["secrets"] =
            place.allowsSecrets
            ? "a secret stands alone, as `${{ secrets.NAME }}`" : "secrets are for the headers and the body of `http.request`"
        let (type, problems) = check(expression, scope, node)
        let isTyped = isWhole && place.keepsType
        let without: [CELType] = isTyped ? [.bytes, .type] : [.list, .map, .bytes, .null, .type]
        guard problems.isEmpty, let known = type.type, without.contains(known) else { return }
        report(
            node.diagnostic(
                .typeMismatch, span: expression.root.span, "\(type.title) can not stand in \(isTyped ? "JSON" : "a text")",
                hint: place.keepsType && !isTyped ? "let it be the whole value: `${{ … }}`" : "take one of its parts"))
    }

    // MARK: - Secrets

    /// `NAME` of an expression that is `secrets.NAME` and nothing else.
    private static func secretName(_ expression: CELExpression) -> String? {
        guard let path = expression.root.path else { return nil }
        let parts = path.utf8.split(separator: 0x2E).map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 2, parts[0].utf8.elementsEqual("secrets".utf8) else { return nil }
        return parts[1]
    }

    private func checkSecret(_ name: String, _ expression: CELExpression, _ node: YAMLNode, _ place: TemplatePlace) {
        let span = expression.root.span
        guard place.allowsSecrets else {
            report(
                node.diagnostic(
                    .badSecret, span: span, "a secret can not stand here",
                    hint: "secrets are for the headers and the body of `http.request`"))
            return
        }
        guard let known = surroundings.secrets, !known.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else { return }
        let names = known.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let all = names.isEmpty ? "none is configured" : "configured: " + names.map { "`\($0)`" }.joined(separator: ", ")
        report(
            node.diagnostic(
                .badSecret, span: span, "there is no secret `\(name)` in vpsbridge.yaml",
                hint: Suggestion.hint(for: name, among: names) ?? all))
    }

    // MARK: - Values

    /// Any value, with templates in the place of its texts.
    func readValue(
        _ node: YAMLNode, _ title: String, _ scope: ExpressionScope, place: TemplatePlace = .value
    ) -> ValueTemplate.Node {
        switch node.content {
        case .refused: return .null
        case .sequence(let items): return .list(items.map { readValue($0, title, scope, place: place) })
        case .mapping(let entries):
            return .map(
                entries.map { entry in
                    if Array(entry.name.utf8).windowsContain("${{") {
                        report(
                            entry.key.diagnostic(
                                .badTemplate, "a key is never made from an expression",
                                hint: "`${{ {\"key\": value} }}` is a value"))
                    }
                    return (entry.name, readValue(entry.value, "`\(entry.name)`", scope, place: place))
                })
        case .scalar(let scalar):
            switch scalar.value {
            case .null: return .null
            case .bool(let flag): return .bool(flag)
            case .int(let number): return .int(number)
            case .double(let number):
                if !number.isFinite { report(node.diagnostic(.outOfRange, "JSON has no infinite number and no NaN")) }
                return .double(number)
            case .string: return readTemplate(node, title, scope, place: place).map { .template($0) } ?? .null
            }
        }
    }
}
