import CurlTransport
import Model
import Synchronization

/// One driver under load.
struct TransportBench {
    /// What the tasks of a run count together.
    final class Tally: Sendable {
        let requests = Atomic<Int>(0)
        let failures = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)

        func count(_ outcome: HTTPOutcome) {
            requests.add(1, ordering: .relaxed)
            if case .response(let response) = outcome, response.status == 200, !response.body.isEmpty { return }
            failures.add(1, ordering: .relaxed)
        }
    }

    let request: HTTPRequest
    let inFlight: Int

    init(url: String, inFlight: Int) throws {
        self.inFlight = inFlight
        request = try HTTPRequest(
            method: .get, url: url, bearer: Secret("an-api-token-of-the-benchmark"), isReplayable: true)
    }

    func makeDriver() throws -> CurlDriver {
        try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: inFlight, maxWaiting: inFlight))
    }

    /// The open descriptors, once the runtime has opened those that it keeps: for its timers, and for OpenSSL.
    func settledDescriptors() async throws -> Int {
        let driver = try makeDriver()
        _ = await driver.send(request)
        try await Task.sleep(for: .milliseconds(20))
        await driver.shutdown()
        return ProcessUsage.descriptors
    }

    /// Requests/s and CPU, after a warm-up that opens the connections.
    func load(seconds: Double) async throws -> Bool {
        let driver = try makeDriver()
        let tally = Tally()
        let line = try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<inFlight {
                tasks.addTask {
                    while !tally.isOver.load(ordering: .relaxed) { tally.count(await driver.send(request)) }
                }
            }
            try await Task.sleep(for: .milliseconds(300))
            let begun = ContinuousClock.now
            let cpuBefore = ProcessUsage.cpuSeconds
            let before = tally.requests.load(ordering: .relaxed)
            try await Task.sleep(for: .seconds(seconds))
            let requests = tally.requests.load(ordering: .relaxed) - before
            let cpu = ProcessUsage.cpuSeconds - cpuBefore
            let took = begun.duration(to: .now) / .seconds(1)
            tally.isOver.store(true, ordering: .relaxed)
            try await tasks.waitForAll()
            return "\"requests\": \(requests), \"seconds\": \(took), \"cpu\": \(cpu)"
        }
        await driver.shutdown()
        print("{\(line), \"failures\": \(tally.failures.load(ordering: .relaxed))}")
        return true
    }

    /// Resident memory at each tenth of the requests, and descriptors before the driver, while it runs and after its end.
    func soak(requests: Int) async throws -> Bool {
        let descriptorsBefore = try await settledDescriptors()
        let driver = try makeDriver()
        let tally = Tally()
        var resident: [Int] = []
        for _ in 0..<10 {
            await withTaskGroup { tasks in
                for index in 0..<inFlight {
                    let share = (requests / 10 + index) / inFlight
                    tasks.addTask {
                        for _ in 0..<share { tally.count(await driver.send(request)) }
                    }
                }
            }
            resident.append(ProcessUsage.residentKiB)
        }
        let descriptorsRunning = ProcessUsage.descriptors
        await driver.shutdown()
        let after = ProcessUsage.descriptors
        print(
            "{\"requests\": \(tally.requests.load(ordering: .relaxed)), \"failures\": \(tally.failures.load(ordering: .relaxed)), "
                + "\"residentKiB\": \(resident), "
                + "\"descriptors\": [\(descriptorsBefore), \(descriptorsRunning), \(after)]}")
        return true
    }
}
