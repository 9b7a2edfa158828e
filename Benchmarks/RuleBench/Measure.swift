import CAllocations
import Glibc

/// Clocks and memory of this process.
enum Measure {
    /// What the process has used of the CPU, in seconds.
    static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Bytes of the heap that this thread has taken and not given back.
    static var heapBytes: Int { Int(callocations_bytes()) }

    /// How many blocks of the heap this thread has taken.
    static var allocations: Int { Int(callocations_count()) }

    /// The least of several measurements, in seconds.
    static func best(_ times: Int, _ body: () -> Void) -> Double {
        var best = Double.infinity
        for _ in 0..<times {
            let start = cpuSeconds
            body()
            best = min(best, cpuSeconds - start)
        }
        return best
    }

    static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }
}
