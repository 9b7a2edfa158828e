package import Hummingbird
import JSON

/// The simulator on a TCP port: a thin layer that turns HTTP requests into ``SimulatedRequest`` and back.
package struct SimulatorServer: Sendable {
    package let simulator: Simulator

    package init(_ simulator: Simulator) {
        self.simulator = simulator
    }

    /// Serves until the task is cancelled or the surrounding `ServiceGroup` shuts down gracefully.
    ///
    /// - Parameters:
    ///   - host: The address to listen at. On a loopback address `/_sim/` needs no token.
    ///   - port: The port; 0 lets the system choose one.
    ///   - onListening: Called once with the port that is listened at.
    /// - Throws: What binding the port throws.
    package func run(
        host: String, port: Int, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        try await application(host: host, port: port, onListening: onListening).run()
    }

    /// The simulator as an application: a service for a `ServiceGroup`, and what HummingbirdTesting drives.
    ///
    /// How long a graceful shutdown may wait for answers that are held back is the group's to say.
    package func application(
        host: String, port: Int, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> Application<SimulatorResponder> {
        Application(
            responder: SimulatorResponder(simulator: simulator, isLocal: Self.isLoopback(host)),
            server: .http1(configuration: .init(idleTimeout: .seconds(75))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "vpsbridge-simulator"),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) })
    }

    /// Whether only this machine can reach a listener at that address.
    package static func isLoopback(_ host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(where: { host.hasSameBytes(as: $0) }) { return true }
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy {
                (1...3).contains($0.count) && $0.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }
}

/// Answers each request of a listener from one simulator.
package struct SimulatorResponder: HTTPResponder {
    let simulator: Simulator
    let isLocal: Bool

    /// The longest body; a create is 200 bytes.
    private static let longestBody = 64 * 1_024
    /// How long a body may take, so that a client that sends a byte now and then does not hold its connection for ever.
    private static let bodyDeadline = Duration.seconds(10)

    package func respond(to request: Request, context: SimulatorRequestContext) async throws -> Response {
        let body: [UInt8]
        do {
            let deadline = Task {
                try await Task.sleep(for: Self.bodyDeadline)
                await context.end(.closed, with: [])
            }
            defer { deadline.cancel() }
            body = Array((try await request.body.collect(upTo: Self.longestBody)).readableBytesView)
        } catch {
            return Self.response(.detail(413, "The body is longer than \(Self.longestBody) bytes, or broken."))
        }
        let answer = simulator.handle(
            SimulatedRequest(
                method: request.head.method.rawValue, target: request.head.path ?? "",
                authorization: request.headers[.authorization],
                contentType: request.headers[.contentType], host: request.head.authority, body: body, isLocal: isLocal))
        if answer.delay > .zero { try await Task.sleep(for: answer.delay) }
        if answer.ending != .whole { await context.end(answer.ending, with: answer.cutBytes) }
        var response = Self.response(answer)
        // RFC 9110, section 9.3.2: an answer to HEAD has no content; one would be taken for the next answer.
        if request.head.method.rawValue.hasSameBytes(as: "HEAD") { response.body = ResponseBody() }
        return response
    }

    private static func response(_ answer: SimulatedResponse) -> Response {
        var headers = HTTPFields()
        for header in answer.headers {
            if let name = HTTPFields.Element.Name(header.name) { headers[name] = header.value }
        }
        if let type = answer.contentType { headers[.contentType] = type }
        let bytes = answer.bytes
        let status = HTTPResponse.Status(code: answer.status)
        guard !bytes.isEmpty else { return Response(status: status, headers: headers) }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
