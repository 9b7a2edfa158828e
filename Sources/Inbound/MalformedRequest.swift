import HTTPTypes
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// A request that ended in the HTTP parser, and how it is answered.
enum MalformedRequest: Equatable {
    /// More header bytes or fields than allowed.
    case headersTooLarge
    /// Not HTTP/1.1 (RFC 9112), or framed in a way that two parsers could read differently.
    case syntax

    /// What the pipeline's error says about the request; `nil` when it says nothing, as a reset connection.
    init?(_ error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .headersTooLarge
        case is HTTPParserError, is HTTP1TypeConversionError: self = .syntax
        default: return nil
        }
    }

    /// What the peer is told before the connection is closed.
    var problem: Problem {
        switch self {
        case .headersTooLarge:
            Problem(
                status: .requestHeaderFieldsTooLarge, reason: "headers_too_large",
                message: "the request line and headers are larger than this listener takes", closes: true)
        case .syntax:
            Problem(
                status: .badRequest, reason: "malformed_request", message: "this is not a well-formed HTTP/1.1 request",
                closes: true)
        }
    }
}
