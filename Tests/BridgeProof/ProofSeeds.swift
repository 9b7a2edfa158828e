import Foundation
import Synchronization

/// Runs seeds side by side, one for each processor at a time.
enum ProofSeeds {
    /// Calls `body` for every seed until it says `false`.
    static func each(_ seeds: Range<UInt64>, _ body: @escaping @Sendable (UInt64) async throws -> Bool) async throws {
        let next = NextSeed(seeds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) {
                group.addTask {
                    while let seed = next.take() {
                        if try await !body(seed) { next.stop() }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Which seed is next.
private final class NextSeed: Sendable {
    private let end: UInt64
    private let next: Mutex<UInt64>

    init(_ seeds: Range<UInt64>) {
        end = seeds.upperBound
        next = Mutex(seeds.lowerBound)
    }

    func take() -> UInt64? {
        next.withLock { next in
            guard next < end else { return nil }
            defer { next += 1 }
            return next
        }
    }

    func stop() { next.withLock { $0 = end } }
}
