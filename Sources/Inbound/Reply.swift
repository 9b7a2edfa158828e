import NIOCore
import NIOHTTP1

/// An answer, ready to be written.
struct Reply: Sendable {
    var status: HTTPResponseStatus
    /// `Content-Length` among them; the connection adds what is its own.
    var headers: HTTPHeaders
    var body: ByteBuffer

    init(_ status: HTTPResponseStatus, type: String, body: ByteBuffer, headers: [(String, String)] = []) {
        self.status = status
        self.headers = HTTPHeaders(headers)
        if !type.isEmpty { self.headers.add(name: "Content-Type", value: type) }
        self.headers.add(name: "Content-Length", value: String(body.readableBytes))
        self.body = body
    }
}
