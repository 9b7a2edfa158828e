/// What a sender is answered.
package struct SenderReply: Sendable, Hashable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// 200 and `{}`.
    static let emptyObject = SenderReply(status: 200, contentType: "application/json", body: Array("{}".utf8))
    /// 200 and nothing; Slack then shows nothing.
    static let empty = SenderReply(status: 200, contentType: "text/plain; charset=utf-8", body: [])
}
