import JSON

/// A random number generator that gives the same numbers for the same seed (SplitMix64).
struct JSONTestRandom: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Makes JSON values of every shape.
struct JSONTestGenerator {
    var random: JSONTestRandom

    init(seed: UInt64) { random = JSONTestRandom(seed: seed) }

    mutating func value(depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .int(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
        case 3: return .double(double())
        case 4, 5: return .string(string())
        case 6: return .array((0..<Int.random(in: 0..<6, using: &random)).map { _ in value(depth: depth + 1) })
        default: return .object(object(depth: depth))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var names: Set<[UInt8]> = []
        var members: [JSONObject.Member] = []
        // Now and then more than the dozen up to which the parser compares names by pairs.
        for _ in 0..<Int.random(in: 0..<(depth == 0 ? 24 : 6), using: &random) {
            let name = string()
            guard names.insert(Array(name.utf8)).inserted else { continue }
            members.append(JSONObject.Member(name: name, value: value(depth: depth + 1)))
        }
        return JSONObject(members)
    }

    private mutating func double() -> Double {
        while true {
            let number = Double(bitPattern: random.next())
            if number.isFinite { return number }
        }
    }

    private mutating func string() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<20, using: &random) {
            let ceilings: [UInt32] = [0x20, 0x7F, 0x7F, 0x7FF, 0x2030, 0xFFFF, 0x10FFFF]
            let ceiling = ceilings[Int.random(in: 0..<ceilings.count, using: &random)]
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...ceiling, using: &random)) { text.append(scalar) }
        }
        return String(text)
    }
}
