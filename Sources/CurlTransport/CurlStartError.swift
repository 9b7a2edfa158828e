/// Why the transport did not start; each says what to change.
package struct CurlStartError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Closed: a log field.
    package enum Code: String, Sendable, Hashable {
        case version
        case feature
        /// A value of the configuration is out of range.
        case configuration
        /// The file with the trusted certificates can not be used.
        case caFile
        /// libcurl or the system refused memory or a thread.
        case resources
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package var description: String { reason }
}
