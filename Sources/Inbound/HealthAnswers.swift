import HTTPTypes
import Hummingbird

/// The answers to `/healthz` and `/readyz`, the same on both listeners.
enum HealthAnswers {
    /// 200 `ok` or 503 `not ready`, to GET and HEAD.
    static func answer(_ request: Request, isUp: Bool) throws(Problem) -> Response {
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed(allow: "GET") }
        var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"]
        if request.announcesBody { headers[.connection] = "close" }
        let response = Response(
            status: isUp ? .ok : .serviceUnavailable, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: isUp ? "ok\n" : "not ready\n")))
        return request.method == .head ? response.createHeadResponse() : response
    }
}
