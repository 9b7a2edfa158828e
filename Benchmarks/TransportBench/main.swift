/// `TransportBench MODE URL …`: what the transport costs, for scripts/bench-transport.py.
///
/// - `load URL IN_FLIGHT SECONDS`: requests/s and CPU, as CurlBench measures them.
/// - `soak URL IN_FLIGHT REQUESTS`: resident memory on the way, descriptors before and after.
/// - `cancel URL IN_FLIGHT CANCELLATIONS`: how long a cancelled `send` takes to return; the server must not answer.
/// - `storm URL IN_FLIGHT REQUESTS CANCELLATIONS`: cancels that many of the requests, each at a random instant.
///
/// Each prints one line of JSON. Ends with 1 when the numbers contradict each other.
import CurlTransport
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 4, let inFlight = Int(arguments[2]), let amount = Double(arguments[3]), inFlight > 0, amount > 0 else {
    print("usage: TransportBench load|soak|cancel|storm URL IN_FLIGHT SECONDS|REQUESTS|CANCELLATIONS [CANCELLATIONS]")
    exit(64)
}
let bench = try TransportBench(url: arguments[1], inFlight: inFlight)
let isSound =
    switch arguments[0] {
    case "load": try await bench.load(seconds: amount)
    case "soak": try await bench.soak(requests: Int(amount))
    case "cancel": try await bench.cancel(count: Int(amount))
    case "storm": try await bench.storm(requests: Int(amount), cancellations: arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0)
    default: false
    }
exit(isSound ? 0 : 1)
