/// What functions, operators and look-ups do to values.
///
/// It knows no evaluator: whoever evaluates an expression, by whatever means, calls these and gets the same values, failures and
/// costs. All functions are pure; failures carry no offset, which the evaluator adds.
enum CELLibrary {
    /// The value of a function call whose arguments are all evaluated.
    ///
    /// `values` holds the target first when `isMember`; `pattern` is the compiled pattern of a `matches` whose pattern is constant.
    /// The number of values must be one that the function takes in that form: see ``checkArity(_:_:isMember:)``. Functions that
    /// are ``CELFunction/isLazy`` may be called too, once their argument has a value.
    static func call(
        _ function: CELFunction, _ values: [CELValue], isMember: Bool, pattern: Pattern? = nil, zones: CELTimeZones,
        meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch function.library {
        case .conversion: try convert(function, values[0], meter: &meter)
        case .text: try inspect(function, values, pattern: pattern, meter: &meter)
        case .time: try part(function, values, zones: zones, meter: &meter)
        case .optional: try optional(function, values, meter: &meter)
        case .strings: try strings(function, values, meter: &meter)
        case .math: try math(function, values, meter: &meter)
        case .encoding: try encode(function, values[0], meter: &meter)
        case .network: try network(function, values, isMember: isMember, meter: &meter)
        }
    }

    /// Whether the function takes that many arguments (the target not counted) in that form.
    static func checkArity(_ function: CELFunction, _ count: Int, isMember: Bool) -> Bool {
        (isMember ? function.memberArity : function.globalArity)?.contains(count) ?? false
    }

    /// The failure of a function or operator that does not take values of these types, with the fix where it is known.
    static func noOverload(_ name: String, _ values: [CELValue]) -> EvaluationFailure {
        let types = values.map(\.type)
        let message = "`\(name)` does not take (\(types.map(\.title).joined(separator: ", ")))"
        let numbers: Set<CELType> = [.int, .uint, .double]
        if types.contains(.string), types.contains(where: numbers.contains), CELOperator(rawValue: name) != nil {
            return EvaluationFailure(.noSuchOverload, message + "; convert the text with `int(…)` or `double(…)`")
        }
        if types.contains(.double), types.contains(.int) || types.contains(.uint) {
            return EvaluationFailure(.noSuchOverload, message + "; convert the whole number with `double(…)`")
        }
        return EvaluationFailure(.noSuchOverload, message)
    }

    static func noOverload(_ name: String, _ values: CELValue...) -> EvaluationFailure {
        noOverload(name, values)
    }
}
