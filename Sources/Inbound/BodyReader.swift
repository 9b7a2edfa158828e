import HTTPTypes
import Hummingbird
import NIOCore

/// Reads a request's body whole, within the limits.
struct BodyReader {
    /// The longest body in bytes.
    let limit: Int
    /// What `Content-Length` says; `nil` for a chunked body and for none.
    let declaredLength: Int?

    /// Refuses by the headers alone what can not become a body, before any of it is read.
    init(headers: HTTPFields, limit: Int) throws(Problem) {
        self.limit = limit
        if let encoding = headers[.transferEncoding], !encoding.equalsIgnoringASCIICase("chunked") {
            throw Problem(
                status: .notImplemented, reason: "transfer_encoding", message: "the only transfer encoding taken is chunked",
                closes: true)
        }
        if let encoding = headers[.contentEncoding], !encoding.equalsIgnoringASCIICase("identity") {
            throw Problem(
                status: .unsupportedMediaType, reason: "content_encoding", message: "send the body uncompressed", closes: true)
        }
        guard let text = headers[.contentLength] else {
            declaredLength = nil
            return
        }
        // The parser let only digits through; a number beyond Int is too large all the same.
        guard let length = Int(text), length <= limit else { throw Self.tooLarge(limit) }
        declaredLength = length
    }

    /// The body's bytes, once all of them are here.
    @concurrent
    func read(_ body: RequestBody, into reservation: inout BodyReservation) async throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        // More is not taken on the word of a header.
        bytes.reserveCapacity(min(declaredLength ?? 0, 64 << 10))
        var parts = body.makeAsyncIterator()
        while let part = try await next(&parts) {
            let count = part.readableBytes
            guard count <= limit - bytes.count else { throw Self.tooLarge(limit) }
            guard reservation.grow(by: count) else {
                throw Problem.unavailable("overloaded", "too many requests are being read; send it again", closes: true)
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        // A connection that ends early can look like the end of the body.
        if let declaredLength, bytes.count != declaredLength { throw Self.incomplete }
        return bytes
    }

    @concurrent
    private func next(_ parts: inout RequestBody.AsyncIterator) async throws(Problem) -> ByteBuffer? {
        do {
            return try await parts.next()
        } catch is BodyTimeout {
            throw Problem(
                status: .requestTimeout, reason: "body_timeout", message: "the body did not arrive in time", closes: true)
        } catch {
            throw Self.incomplete
        }
    }

    private static let incomplete = Problem(
        status: .badRequest, reason: "incomplete_body", message: "the body is malformed or ended early", closes: true)

    private static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge, reason: "body_too_large", message: "a body may have \(limit) bytes at most", closes: true)
    }
}
