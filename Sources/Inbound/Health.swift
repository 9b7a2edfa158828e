import NIOCore
import NIOHTTP1

/// The answers to `/healthz` and `/readyz`, the same on both listeners.
enum Health {
    /// 200 `ok` or 503 `not ready`, to GET and HEAD.
    static func reply(to head: HTTPRequestHead, isUp: Bool) -> Reply {
        guard head.method == .GET || head.method == .HEAD else { return Problem.methodNotAllowed(allow: "GET").reply }
        return Reply(
            isUp ? .ok : .serviceUnavailable, type: "text/plain; charset=utf-8",
            body: ByteBuffer(string: isUp ? "ok\n" : "not ready\n"), headers: [("Cache-Control", "no-store")])
    }
}
