import FoundationEssentials
import Testing

/// Replays the kept corpus of the fuzz targets and a few seeded mutations of it; `scripts/fuzz` searches for more.
@Suite("fuzz targets")
struct FuzzCorpusTests {
    /// The length of a mutated input at most, so that the default tests stay fast.
    private static let maxBytes = 4_096
    /// Mutations of each kept input.
    private static let mutations = 40

    private static func corpus(_ target: FuzzTarget) -> [(name: String, bytes: [UInt8])] {
        let folder = "\(RulesFiles.root)/Tests/Fuzzing/corpus/\(target.rawValue)"
        return RulesFiles.names(in: folder).compactMap { name in RulesFiles.bytes("\(folder)/\(name)").map { (name, $0) } }
    }

    @Test("every kept input keeps its promises", arguments: FuzzTarget.allCases)
    func keptInputs(_ target: FuzzTarget) {
        let inputs = Self.corpus(target)
        #expect(!inputs.isEmpty)
        for (name, bytes) in inputs {
            let problem = target.run(bytes)
            #expect(problem == nil, "\(target.rawValue)/\(name)")
        }
    }

    @Test("so do seeded mutations of them", arguments: FuzzTarget.allCases)
    func mutations(_ target: FuzzTarget) {
        let seed =
            RulesFiles.environment("VPSBRIDGE_FUZZ_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
        print("fuzz \(target.rawValue): seed \(seed)")
        var random = RulesRandom(seed: seed)
        let inputs = Self.corpus(target).map(\.bytes)
        for input in inputs {
            for _ in 0..<Self.mutations {
                let bytes = Self.mutate(input, with: inputs, &random)
                let problem = target.run(bytes)
                #expect(problem == nil, "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
        }
    }

    /// One to three of: a bit flipped, a byte set, a run left out or doubled, a piece of another input put in.
    private static func mutate(_ input: [UInt8], with others: [[UInt8]], _ random: inout RulesRandom) -> [UInt8] {
        var bytes = Array(input.prefix(maxBytes))
        for _ in 0...random.below(3) {
            let position = random.below(bytes.count + 1)
            let end = min(bytes.count, position + 1 + random.below(16))
            switch random.below(5) {
            case 0 where position < bytes.count: bytes[position] ^= UInt8(1 << random.below(8))
            case 1 where position < bytes.count: bytes[position] = UInt8(random.below(256))
            case 2: bytes.removeSubrange(position..<end)
            case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
            default:
                let other = others[random.below(others.count)]
                guard !other.isEmpty else { continue }
                let start = random.below(other.count)
                bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + random.below(24))], at: position)
            }
        }
        return bytes
    }
}
