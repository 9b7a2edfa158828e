import Foundation
import Synchronization

/// What the program was asked for.
struct ProofCommand {
    let arguments: [String]

    init(_ arguments: [String]) { self.arguments = arguments }

    func run() async -> Int32 {
        do {
            switch arguments.first {
            case "histories":
                return try await hold("histories") { try await ProofHistory.violation(seed: $0, in: $1) } ? 0 : 1
            case "ledger": return try await hold("ledger") { try await LedgerRun.violation(seed: $0, in: $1) } ? 0 : 1
            case "mutants":
                let areSeen = try await see(ProofMutant.all, tracing: "trace") {
                    try await ProofHistory.violation(seed: $0, mutant: $1, in: $2)
                }
                let areCounted = try await see(ProofMutant.ledger, tracing: "trace-ledger") {
                    try await LedgerRun.violation(seed: $0, in: $2)
                }
                return areSeen && areCounted ? 0 : 1
            case "trace":
                let mutant = ProofMutant.all.first { $0.name == words(from: 2) }
                for line in try await ProofHistory.trace(seed: number(1) ?? 1, mutant: mutant) { say(line) }
                return 0
            case "trace-ledger":
                let mutant = ProofMutant.ledger.first { $0.name == words(from: 2) }
                for line in try await LedgerRun.trace(seed: number(1) ?? 1, mutant: mutant) { say(line) }
                return 0
            case "jobs":
                try await ProofJobs.run(number(1).map(Int.init) ?? 1_000, folder: argument(2) ?? ".")
                return 0
            default:
                say(
                    "usage: BridgeProof histories|ledger COUNT [FIRST] | mutants [SEEDS] [NAME] | trace|trace-ledger SEED [MUTANT] | jobs COUNT FOLDER"
                )
                return 64
            }
        } catch {
            say("the proof ended: \(error)")
            return 2
        }
    }

    private func argument(_ index: Int) -> String? { arguments.indices.contains(index) ? arguments[index] : nil }
    /// The name of a mutant may be given without quotes.
    private func words(from index: Int) -> String? {
        arguments.count > index ? arguments.dropFirst(index).joined(separator: " ") : nil
    }
    private func number(_ index: Int) -> UInt64? { argument(index).flatMap(UInt64.init) }

    /// Without a first seed they begin at one of the day's own, which is printed.
    private func hold(
        _ what: String, _ judge: @escaping @Sendable (UInt64, ProofStores) async throws -> String?
    ) async throws -> Bool {
        let stores = ProofStores()
        let count = number(1) ?? 1_000
        let first = number(2) ?? UInt64.random(in: 1...1_000_000_000) * 1_000
        say("\(what): \(count) from seed \(first)")
        let began = ContinuousClock.now
        let found = Mutex(0)
        try await ProofSeeds.each(first..<(first + count)) { seed in
            guard let violation = try await judge(seed, stores) else { return true }
            say("seed \(seed): \(violation)")
            return found.withLock { found in
                found += 1
                return found < 20
            }
        }
        let red = found.withLock { $0 }
        say("\(what): \(red == 0 ? "all hold" : "\(red) do not hold") (\(ContinuousClock.now - began))")
        return red == 0
    }

    /// Each mutant has to be seen within so many seeds, and each of its edits has to find a statement.
    private func see(
        _ mutants: [ProofMutant], tracing command: String,
        _ judge: @escaping @Sendable (UInt64, ProofMutant, ProofStores) async throws -> String?
    ) async throws -> Bool {
        let seeds = number(1) ?? 2_000
        let only = words(from: 2)
        var isProof = true
        for mutant in mutants where only.map({ $0 == mutant.name }) ?? true {
            let stores = ProofStores(mutant)
            let seen = Mutex<(seed: UInt64, violation: String)?>(nil)
            let others = Mutex<[String]>([])
            try await ProofSeeds.each(1..<(seeds + 1)) { seed in
                if let violation = try await judge(seed, mutant, stores) {
                    if violation.contains(mutant.seenAs) {
                        seen.withLock { $0 = $0 ?? (seed, violation) }
                    } else {
                        others.withLock { others in
                            if others.count < 3 { others.append("\(seed): \(violation)") }
                        }
                    }
                }
                return seen.withLock { $0 == nil } || !stores.edits.missing.isEmpty
            }
            let missing = stores.edits.missing
            if !missing.isEmpty {
                isProof = false
                say("without \(mutant.name): ITS TEXT OCCURS IN NO STATEMENT of \(seeds) seeds: \(missing)")
            } else if !mutant.changesAnything {
                isProof = false
                say("without \(mutant.name): IT CHANGES NOTHING")
            } else if let (seed, violation) = seen.withLock({ $0 }) {
                say("without \(mutant.name): red at seed \(seed): \(violation) (\(command))")
            } else {
                isProof = false
                say("without \(mutant.name): NOT SEEN in \(seeds) seeds; \(others.withLock { $0 })")
            }
        }
        return isProof
    }

    /// Prints at once: whoever looks at a long proof sees how far it is.
    private func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}
