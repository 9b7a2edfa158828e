/// Why a request was not built; nothing of it left the process.
package struct HTTPRequestError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Closed: a log field.
    package enum Code: String, Sendable, Hashable {
        /// CR, LF or NUL in a URL or a header: an attempt, witting or not, to write more than one header.
        case forbiddenByte
        case urlMalformed
        case urlScheme
        case urlUserinfo
        case urlHost
        case urlPort
        /// A header name that is no token, or one that the transport sets itself.
        case headerName
        case headerValue
        /// The bearer token is empty or holds bytes that no token has; a line end at the end of its file is the usual reason.
        case bearer
        case body
        /// A timeout or a cap outside its range.
        case limit
        /// The URL came with an event and leads where such URLs may not lead; or a list of allowed hosts is no such list.
        case egress
    }

    package let code: Code
    /// What is wrong, without the offending text.
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package var description: String { reason }
}
