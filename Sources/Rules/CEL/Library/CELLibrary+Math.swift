extension CELLibrary {
    static func math(_ function: CELFunction, _ values: [CELValue], meter: inout CELMeter) throws(EvaluationFailure) -> CELValue {
        throw noOverload(function.rawValue, values)
    }
}
