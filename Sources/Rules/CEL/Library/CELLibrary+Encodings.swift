import Model

/// The `encoders` extension.
extension CELLibrary {
    static func encode(
        _ function: CELFunction, _ value: CELValue, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch (function, value) {
        case (.base64Encode, .bytes(let bytes)):
            try meter.charge(bytes: bytes.count)
            try meter.allocate(text: (bytes.count + 2) / 3 * 4)
            return .string(Base64.encode(bytes))
        case (.base64Decode, .string(let text)):
            try meter.charge(bytes: text.utf8.count)
            guard let bytes = Base64.decodeLeniently(Array(text.utf8)) else {
                throw EvaluationFailure(.invalidValue, "the text is not Base64")
            }
            try meter.allocate(text: bytes.count)
            return .bytes(bytes)
        default: throw noOverload(function.rawValue, value)
        }
    }
}
