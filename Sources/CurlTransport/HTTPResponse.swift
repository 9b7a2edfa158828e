/// A whole response: a status and everything up to the end of the body.
package struct HTTPResponse: Sendable {
    private enum Head: Sendable {
        case fields([(String, String)])
        /// The header lines as libcurl hands them over, read when somebody asks.
        case block([UInt8])
    }

    /// The status code, 200 to 999; interim responses are not shown.
    package let status: Int
    package let body: [UInt8]
    private let head: Head

    package init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.body = body
        head = .fields(headers)
    }

    /// A response whose header lines are still to be read, see ``HeaderBlock``.
    init(status: Int, block: [UInt8], body: [UInt8]) {
        self.status = status
        self.body = body
        head = .block(block)
    }

    /// The headers in order, names as received, values without surrounding white space; bytes that are not UTF-8 become U+FFFD.
    ///
    /// They are read anew at each access: for a single one ``header(_:)`` is cheaper.
    package var headers: [(String, String)] {
        switch head {
        case .fields(let fields): fields
        case .block(let block): HeaderBlock.parse(block)
        }
    }

    /// The value of the first header of that name, ASCII case ignored.
    package func header(_ name: String) -> String? {
        switch head {
        case .fields(let fields):
            let wanted = name.utf8.map(\.asciiLowercased)
            return fields.first { $0.0.utf8.lazy.map(\.asciiLowercased).elementsEqual(wanted) }?.1
        case .block(let block):
            return HeaderBlock.value(of: name, in: block)
        }
    }
}
