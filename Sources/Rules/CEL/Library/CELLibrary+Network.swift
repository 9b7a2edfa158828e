/// The `network` extension: IP addresses and CIDR ranges.
extension CELLibrary {
    static func network(
        _ function: CELFunction, _ values: [CELValue], isMember: Bool, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        for case .string(let text) in values { try meter.charge(bytes: text.utf8.count) }
        switch (function, values[0]) {
        case (.ip, .string(let text)) where !isMember: return .ip(try address(text))
        case (.ip, .cidr(let network)) where isMember: return .ip(network.address)
        case (.cidr, .string(let text)): return .cidr(try range(text))
        case (.isIP, .string(let text)): return .bool(CELAddress(text: text) != nil)
        case (.isCIDR, .string(let text)): return .bool(CELNetwork(text: text) != nil)
        case (.isCanonical, .string(let text)): return .bool(try address(text).text.utf8.elementsEqual(text.utf8))
        case (.containsIP, .cidr(let network)):
            switch values[1] {
            case .ip(let other): return .bool(network.contains(other))
            case .string(let text): return .bool(network.contains(try address(text)))
            default: throw noOverload(function.rawValue, values)
            }
        case (.containsCIDR, .cidr(let network)):
            switch values[1] {
            case .cidr(let other): return .bool(network.contains(other))
            case .string(let text): return .bool(network.contains(try range(text)))
            default: throw noOverload(function.rawValue, values)
            }
        case (.masked, .cidr(let network)): return .cidr(network.masked)
        case (.prefixLength, .cidr(let network)): return .int(Int64(network.prefixLength))
        case (.isMask, .cidr(let network)): return .bool(network == network.masked)
        case (_, .ip(let address)):
            guard let answer = property(function, of: address) else { throw noOverload(function.rawValue, values) }
            return answer
        default: throw noOverload(function.rawValue, values)
        }
    }

    private static func property(_ function: CELFunction, of address: CELAddress) -> CELValue? {
        switch function {
        case .family: .int(address.isVersion4 ? 4 : 6)
        case .isLoopback: .bool(address.isLoopback)
        case .isUnspecified: .bool(address.isUnspecified)
        case .isGlobalUnicast: .bool(address.isGlobalUnicast)
        case .isLinkLocalMulticast: .bool(address.isLinkLocalMulticast)
        case .isLinkLocalUnicast: .bool(address.isLinkLocalUnicast)
        default: nil
        }
    }

    private static func address(_ text: String) throws(EvaluationFailure) -> CELAddress {
        guard let address = CELAddress(text: text) else {
            throw EvaluationFailure(.invalidValue, "the text is not an IP address such as 192.0.2.1 or 2001:db8::1")
        }
        return address
    }

    private static func range(_ text: String) throws(EvaluationFailure) -> CELNetwork {
        guard let range = CELNetwork(text: text) else {
            throw EvaluationFailure(.invalidValue, "the text is not a CIDR range such as 192.0.2.0/24 or 2001:db8::/32")
        }
        return range
    }
}
