import CurlTransport

/// What a receiver's answer says of a message.
enum MessageAnswer: Sendable, Hashable {
    case delivered
    /// Not now: to be tried again.
    case later(why: String)
    /// The receiver counts what it gets and asks to wait; says nothing against the message.
    case tooMany(wait: Duration?)
    /// It is not taken, however often it is sent.
    case failed(why: String)

    /// By the status alone, as all of HTTP means it.
    init(_ response: HTTPResponse) {
        switch response.status {
        case 200..<300: self = .delivered
        case 425, 429: self = .tooMany(wait: response.retryAfter)
        case 408, 500...: self = .later(why: "status \(response.status)")
        default: self = .failed(why: "status \(response.status)")
        }
    }
}
