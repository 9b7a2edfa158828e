import CurlTransport
import Model
import Testing

/// An hour of failure at the gate alone, with thousands of jobs that store their due times.
@Suite("Upstream gate: an hour of failure")
struct CurlTransportPolicyHourTests {
    private static let results: [GateResult] = [
        .unavailable(retryAfter: nil), .unavailable(retryAfter: .seconds(20)), .throttled(retryAfter: nil),
        .throttled(retryAfter: .seconds(1)), .throttled(retryAfter: .seconds(60)), .unauthorized,
    ]

    /// A job that reads and then changes, as a run does.
    private struct Job {
        var due: Timestamp
        var retry: RetryBudget.Repeat?
    }

    @Test(
        "3000 jobs: failed requests are at most a tenth of what was offered, every job ends, nothing bursts", arguments: results)
    func hour(failure: GateResult) {
        let start = Timestamp(seconds: 1_800_000_000)
        let recovery = start + .seconds(3_600)
        var random = JSONTestRandom(seed: 11)
        var gate = UpstreamGate()
        // The latest first, so that the next one is taken from the end.
        var jobs = (0..<3_000).reversed().map { Job(due: start + .milliseconds(1_200 * $0)) }
        var (failed, changes) = (0, 0)
        var sent: [Double] = []
        var last = start
        /// One request; `nil` when it was not let out.
        func send(_ kind: RequestClass, _ job: inout Job, now: Timestamp) -> Bool? {
            switch gate.admit(kind, retry: job.retry, now: now) {
            case .refused(_, let until):
                job.due = max(until, now + .milliseconds(250))
                return nil
            case .admitted(let permit):
                let result = now < recovery ? failure : .succeeded
                sent.append(now.since(start).inSeconds)
                gate.finished(permit, result, now: now, random: Double.random(in: 0..<1, using: &random))
                if result == .succeeded { return true }
                failed += 1
                job.retry = .transient
                job.due = now + max(.milliseconds(250), RetryPolicy().delay(attempt: 1, retryAfter: nil, random: 0.5))
                return false
            }
        }
        func putBack(_ job: Job) {
            var (low, high) = (0, jobs.count)
            while low < high {
                let middle = (low + high) / 2
                if jobs[middle].due > job.due { low = middle + 1 } else { high = middle }
            }
            jobs.insert(job, at: low)
        }
        var steps = 0
        while steps < 200_000, last < recovery + .seconds(14_400), var job = jobs.popLast() {
            steps += 1
            let now = max(job.due, last)
            last = now
            // As the engine does: the outlook first, the list when that is what is missing, then the read and the change.
            if gate.outlook(.mutate, now: now) == .probe, send(.list, &job, now: now) != true {
                putBack(job)
                continue
            }
            if send(.read, &job, now: now) == true, send(.mutate, &job, now: now) == true {
                changes += 1
            } else {
                putBack(job)
            }
        }
        let excess = curlTransportPolicyExcess(of: sent, rate: 5, burst: 10)
        print(
            "gate, an hour of \(failure): 3000 jobs offered, \(steps) steps, \(failed) requests failed, \(changes) changes, "
                + "\(sent.count) requests in all, last \(Int(last.since(recovery).inSeconds)) s after recovery, excess \(excess)")
        #expect(failed <= 300)
        #expect(changes == 3_000 && jobs.isEmpty)
        #expect(excess <= 0.001)
    }
}
