import Hummingbird

// The yardstick of `make bench`: Hummingbird with a handler that reads the body and does nothing else.
let router = Router()
router.post("/hooks/alertmanager") { request, _ in
    let body = try await request.body.collect(upTo: 1 << 20)
    return body.readableBytes > 0 ? HTTPResponse.Status.ok : .badRequest
}
let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 8080
try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port))).runService()
