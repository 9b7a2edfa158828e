import CurlTransport
import Synchronization

extension TransportBench {
    /// How long a cancelled `send` takes to return while the others wait for a server that does not answer.
    func cancel(count: Int) async throws -> Bool {
        let driver = try makeDriver()
        var latencies: [Double] = []
        var outcomes = Outcomes()
        var tasks = (0..<inFlight).map { _ in start(driver) }
        try await Task.sleep(for: .milliseconds(200))
        for _ in 0..<count {
            let index = Int.random(in: tasks.indices)
            let begun = ContinuousClock.now
            tasks[index].cancel()
            let (outcome, ended) = await tasks[index].value
            latencies.append(begun.duration(to: ended) / .milliseconds(1))
            outcomes.count(outcome)
            tasks[index] = start(driver)
            // Lets the new request reach the server, and keeps the cancellations apart.
            try await Task.sleep(for: .microseconds(Int.random(in: 500...3_000)))
        }
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.value }
        let left = driver.outstanding
        await driver.shutdown()
        latencies.sort()
        let p50 = latencies[latencies.count / 2]
        let p99 = latencies[min(latencies.count - 1, latencies.count * 99 / 100)]
        print(
            "{\"cancellations\": \(count), \"p50\": \(p50), \"p99\": \(p99), \"max\": \(latencies[latencies.count - 1]), "
                + "\(outcomes.json), \"outstanding\": \(left)}")
        return outcomes.cancelled == count && left == 0
    }

    /// Sends the requests, and cancels some of them from another task at a random instant of their lives, before the start and
    /// after the end included.
    ///
    /// A continuation that is resumed twice ends the process by itself; here every request must have one outcome, a request
    /// that nobody cancelled must have its response, and nothing may be left over.
    func storm(requests: Int, cancellations: Int) async throws -> Bool {
        let descriptorsBefore = try await settledDescriptors()
        let driver = try makeDriver()
        var outcomes = Outcomes()
        var resident: [Int] = []
        for _ in 0..<10 {
            let share = requests / 10 / inFlight
            let chance = Double(cancellations) / Double(max(1, requests))
            outcomes += await withTaskGroup(of: Outcomes.self) { tasks in
                for _ in 0..<inFlight {
                    tasks.addTask { await stormWorker(driver, requests: share, chance: chance) }
                }
                return await tasks.reduce(into: Outcomes()) { $0 += $1 }
            }
            resident.append(ProcessUsage.residentKiB)
        }
        let left = driver.outstanding
        let descriptorsRunning = ProcessUsage.descriptors
        await driver.shutdown()
        let descriptorsAfter = ProcessUsage.descriptors
        print(
            "{\(outcomes.json), \"outstanding\": \(left), \"residentKiB\": \(resident), "
                + "\"descriptors\": [\(descriptorsBefore), \(descriptorsRunning), \(descriptorsAfter)]}")
        return left == 0 && outcomes.failed == 0
    }

    private func stormWorker(_ driver: CurlDriver, requests: Int, chance: Double) async -> Outcomes {
        var outcomes = Outcomes()
        for _ in 0..<requests {
            guard Double.random(in: 0..<1) < chance else {
                outcomes.count(await driver.send(request))
                continue
            }
            let victim = start(driver)
            // Up to about twice what a request takes, most often within its life.
            let delay = Int.random(in: 0...2_000)
            if delay > 0 { try? await Task.sleep(for: .microseconds(delay)) }
            victim.cancel()
            outcomes.count(await victim.value.outcome)
            outcomes.tried += 1
        }
        return outcomes
    }

    private func start(_ driver: CurlDriver) -> Task<(outcome: HTTPOutcome, ended: ContinuousClock.Instant), Never> {
        Task {
            let outcome = await driver.send(request)
            return (outcome, ContinuousClock.now)
        }
    }
}

/// How requests of which some were cancelled ended.
struct Outcomes {
    /// How many somebody tried to cancel.
    var tried = 0
    private(set) var responses = 0
    private(set) var cancelledBefore = 0
    private(set) var cancelledAfter = 0
    /// Neither a response nor cancelled.
    private(set) var failed = 0

    var cancelled: Int { cancelledBefore + cancelledAfter }

    var json: String {
        "\"tried\": \(tried), \"responses\": \(responses), \"notSent\": \(cancelledBefore), \"maybeSent\": \(cancelledAfter), "
            + "\"failures\": \(failed)"
    }

    mutating func count(_ outcome: HTTPOutcome) {
        switch outcome {
        case .response(let response) where response.status == 200: responses += 1
        case .notSent(let error) where error.code == .cancelled: cancelledBefore += 1
        case .maybeSent(let error) where error.code == .cancelled: cancelledAfter += 1
        default: failed += 1
        }
    }

    static func += (sum: inout Outcomes, other: Outcomes) {
        sum.tried += other.tried
        sum.responses += other.responses
        sum.cancelledBefore += other.cancelledBefore
        sum.cancelledAfter += other.cancelledAfter
        sum.failed += other.failed
    }
}
