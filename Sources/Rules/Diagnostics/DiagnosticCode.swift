/// The stable code of a diagnostic; closed, so that every code has an explanation and a test.
///
/// Codes are never reused for another meaning: they stand in people's notes and in continuous-integration logs.
package enum DiagnosticCode: String, Sendable, Hashable, CaseIterable {
    // The file as YAML
    case yamlSyntax = "R001"
    case yamlTooLarge = "R002"
    case yamlAnchor = "R003"
    case yamlTag = "R004"
    case yamlDuplicateKey = "R005"

    // Keys and values
    case wrongKind = "R010"
    case missingKey = "R011"
    case unknownKey = "R012"
    case unknownValue = "R013"
    case badDuration = "R014"
    case outOfRange = "R015"
    case badName = "R016"

    // Expressions
    case expressionSyntax = "R020"
    case unknownName = "R021"
    case unknownField = "R022"
    case unknownFunction = "R023"
    case typeMismatch = "R024"
    case expressionTooLarge = "R025"
    case notACondition = "R026"
    case badConstant = "R027"
    case badTemplate = "R028"
    case costly = "R029"
    case tooCostly = "R030"

    // Rules
    case duplicateRule = "R040"
    case unknownSource = "R041"
    case looserThanFloor = "R042"
    case badEscalation = "R043"
    case missingTarget = "R044"
    case badPermissions = "R045"
    case badCommand = "R046"
    case notSupported = "R047"
    case badFleet = "R048"
    case badStep = "R049"
    case badRequest = "R050"
    case badSecret = "R051"
    case badApproval = "R052"
    case badSchedule = "R053"
    case missingPrice = "R054"

    /// What the code means and what to do about it, in one line.
    package var explanation: String {
        switch self {
        case .yamlSyntax: "The file is not well-formed YAML; nothing in it was read."
        case .yamlTooLarge: "The file is larger, deeper or has more values than the bridge reads; split it."
        case .yamlAnchor: "Anchors, aliases and merge keys (`&a`, `*a`, `<<`) are not read; write the value out, or use `vars`."
        case .yamlTag: "YAML tags (`!x`, `!!str`) are not read; quote the value, also an expression that begins with `!`."
        case .yamlDuplicateKey: "A key stands twice in one mapping; only one of the two can be meant."
        case .wrongKind: "The value is of another kind than the key takes, such as a list where a text belongs."
        case .missingKey: "A key that has no default is not there."
        case .unknownKey: "The key has no meaning here; it is refused because a misspelt guard would silently not guard."
        case .unknownValue: "The value is not one of the few that the key takes."
        case .badDuration: "A span of time is written as numbers with units, largest first: `90s`, `2m`, `1h30m`, `7d`."
        case .outOfRange: "The number, the length or the size of a list is outside what the key takes."
        case .badName: "Names begin with a letter or a digit and hold only the characters that the message lists."
        case .expressionSyntax: "The expression is not well-formed CEL (Common Expression Language)."
        case .unknownName: "The expression uses a name that is not known in this place."
        case .unknownField: "The expression reads a field that this value never has."
        case .unknownFunction: "The expression calls a function that does not exist, or not in this form."
        case .typeMismatch: "An operator or a function is given a type that it does not take; it would fail on every event."
        case .expressionTooLarge: "The expression is longer, deeper or has more parts than the bridge evaluates."
        case .notACondition: "A condition has to be true or false, and this expression is never either."
        case .badConstant: "A constant in the expression can not be converted: a date, a span of time, a pattern or a time zone."
        case .badTemplate: "A `${{ … }}` in a text is not closed or is empty; `$${{` writes a literal `${{`."
        case .costly: "On the largest events it would be stopped by its cost limit and then never match; smaller ones are judged."
        case .tooCostly: "It could cost far more than any event may cost, as loops inside loops over lists of unknown length do."
        case .duplicateRule: "Two rules have one name; names tell rules apart in the audit and in metrics."
        case .unknownSource: "The rule waits for a source that vpsbridge.yaml does not configure: it would never fire."
        case .looserThanFloor: "A rule may only be stricter than the limits in vpsbridge.yaml, never looser."
        case .badEscalation:
            "A rung is at most one server action, any requests, and then `notify` steps; only the last rung may only notify."
        case .missingTarget: "A rule that acts on a server has to say which, in `target`."
        case .badPermissions: "A rule that people can call has to say who may, in `permissions`, and no other rule can."
        case .badCommand: "The command or one of its arguments can not be told apart from another."
        case .notSupported: "The words are known, but this version of the bridge does not do it yet."
        case .missingPrice: "A cap in money needs the price of every plan that may be created, in `prices` of vpsbridge.yaml."
        case .badFleet: "A rule that scales says which servers it owns (`fleet`), what it creates and how it may delete."
        case .badStep: "A key of a step does not fit its action, or two steps of a rung have one id."
        case .badRequest:
            "A request's host stands in the file as it is; method, headers and body have to be ones that HTTP and the bridge allow."
        case .badSecret:
            "`${{ secrets.NAME }}` stands alone, in a header or the body of `http.request`, and names a secret of vpsbridge.yaml."
        case .badApproval: "An approval names enough people, by the ids that their chat gives them."
        case .badSchedule:
            "A schedule has the five fields of cron, a time zone that exists, and a rule that needs no open problem."
        }
    }
}
