/// A whole response: a status and everything up to the end of the body.
package struct HTTPResponse: Sendable {
    /// The status code, 200 to 999; interim responses are not shown.
    package let status: Int
    /// The headers in order, names as received, values without surrounding white space; bytes that are not UTF-8 become U+FFFD.
    package let headers: [(String, String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the first header of that name, ASCII case ignored.
    package func header(_ name: String) -> String? {
        let wanted = name.utf8.map(\.asciiLowercased)
        return headers.first { $0.0.utf8.lazy.map(\.asciiLowercased).elementsEqual(wanted) }?.1
    }
}
