extension CELLibrary {
    static func strings(_ function: CELFunction, _ values: [CELValue], meter: inout CELMeter) throws(EvaluationFailure)
        -> CELValue
    {
        throw noOverload(function.rawValue, values)
    }
}
