/// `AsyncHTTPClientBench load URL IN_FLIGHT SECONDS THREADS`: the load of TransportBench, by async-http-client on that many event-loop
/// threads.
///
/// Prints one line of JSON: requests, failures, seconds, cpu (user and system seconds of the process).
import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

final class Tally: Sendable {
    let requests = Atomic<Int>(0)
    let failures = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
}

func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func work(_ client: HTTPClient, url: String, tally: Tally) async {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Authorization", value: "Bearer an-api-token-of-the-benchmark")
    request.headers.add(name: "User-Agent", value: "vpsbridge")
    while !tally.isOver.load(ordering: .relaxed) {
        do {
            let response = try await client.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 20)
            if response.status != .ok || body.readableBytes == 0 { tally.failures.add(1, ordering: .relaxed) }
        } catch {
            tally.failures.add(1, ordering: .relaxed)
        }
        tally.requests.add(1, ordering: .relaxed)
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 6, arguments[1] == "load", let inFlight = Int(arguments[3]), let seconds = Double(arguments[4]),
    let threads = Int(arguments[5])
else {
    print("usage: AsyncHTTPClientBench load URL IN_FLIGHT SECONDS THREADS")
    exit(64)
}
let url = arguments[2]
let tally = Tally()
var configuration = HTTPClient.Configuration()
configuration.httpVersion = .http1Only
configuration.decompression = .disabled
configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = inFlight
let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
try await withThrowingTaskGroup(of: Void.self) { tasks in
    for _ in 0..<inFlight {
        tasks.addTask { await work(client, url: url, tally: tally) }
    }
    try await Task.sleep(for: .milliseconds(300))
    let begun = ContinuousClock.now
    let cpuBefore = cpuSeconds()
    let before = tally.requests.load(ordering: .relaxed)
    try await Task.sleep(for: .seconds(seconds))
    let requests = tally.requests.load(ordering: .relaxed) - before
    let cpu = cpuSeconds() - cpuBefore
    let took = begun.duration(to: .now) / .seconds(1)
    tally.isOver.store(true, ordering: .relaxed)
    try await tasks.waitForAll()
    let failures = tally.failures.load(ordering: .relaxed)
    print("{\"requests\": \(requests), \"failures\": \(failures), \"seconds\": \(took), \"cpu\": \(cpu)}")
}
try await client.shutdown().get()
try await group.shutdownGracefully()
