import Crypto
package import CurlTransport
import JSON
import Model
import Rules

/// A request to another API that is ready to leave once its intent is on disk.
///
/// It prints as method and address: headers and bodies may hold secrets.
package struct PreparedRequest: Sendable, CustomStringConvertible, CustomReflectable {
    let rendered: RenderedRequest
    /// How long the whole answer may take.
    let timeout: Duration

    init(_ rendered: RenderedRequest, timeout: Duration) {
        self.rendered = rendered
        self.timeout = timeout
    }

    package var description: String { "\(rendered.method) \(rendered.url)" }
    package var customMirror: Mirror { Mirror(self, children: ["request": description]) }

    /// What of it is kept with its intent.
    var intent: IntentRequest {
        IntentRequest(
            method: rendered.method, url: rendered.url,
            hash: RequestHash.of(rendered.method, rendered.url, rendered.body?.shown ?? ""))
    }

    /// Whether it would create, delete, start or stop something at the Servers API past every guard.
    func goesAround(_ apiOrigin: String?) -> Bool {
        guard let origin = apiOrigin.flatMap({ try? HTTPURL($0) }), let target = try? HTTPURL(rendered.url) else { return false }
        return target.hasSameOrigin(as: origin) && ["POST", "DELETE"].contains { $0.utf8.elementsEqual(rendered.method.utf8) }
    }

    /// The request as the transport takes it; never sent twice behind the engine's back unless it only reads.
    ///
    /// - Throws: `HTTPRequestError` when a header, the address or the body can not be sent; nothing of it was.
    package func request() throws(HTTPRequestError) -> HTTPRequest {
        guard let method = HTTPMethod(rawValue: rendered.method) else {
            throw HTTPRequestError(.urlMalformed, "the method is not one that can be sent")
        }
        return try HTTPRequest(
            method: method, url: rendered.url, headers: rendered.headers.map { ($0.name, Self.text($0.value)) },
            body: rendered.body.map { $0.value.reveal() }, isReplayable: method == .get || method == .head,
            totalTimeout: timeout, connectTimeout: min(timeout, .seconds(5)))
    }

    private static func text(_ value: RenderedText) -> String { String(decoding: value.value.reveal(), as: UTF8.self) }
}

/// Tells whether two requests are the same, without keeping what is in them.
enum RequestHash {
    /// SHA-256 in hexadecimal over the parts, each with its length.
    static func of(_ parts: String...) -> String {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array(String(part.utf8.count).utf8) + [UInt8(ascii: ":")])
            hash.update(data: Array(part.utf8))
        }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
