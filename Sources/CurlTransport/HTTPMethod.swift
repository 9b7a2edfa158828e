/// The request methods that the bridge uses (RFC 9110, section 9; PATCH: RFC 5789).
///
/// Closed, so that no text from outside can become a request line.
package enum HTTPMethod: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}
