import CurlTransport
import JSON
import Model

/// One page of a listing: `{count, results, next}`, as Django REST Framework writes it.
struct ListPage {
    /// The entries that could be read.
    let servers: [Server]
    /// Whether all entries could be read, and the link to the next page.
    let isReadable: Bool
    /// How many servers there are over all pages, as the API counts; `nil` when it does not say.
    let count: Int64?
    /// Where the next page is, as written.
    let next: String?

    /// `nil` when the body is no listing.
    init?(json: JSONValue) {
        guard let results = json["results"]?.arrayValue else { return nil }
        servers = results.compactMap { Server(json: $0) }
        count = json["count"]?.intValue
        next = json["next"]?.stringValue
        let hasOddLink = next == nil && json["next"] != nil && json["next"] != .null
        isReadable = servers.count == results.count && !hasOddLink
    }

    /// The path and query of a `next` link; `nil` when it leads anywhere but to the listing at the same origin.
    ///
    /// The token goes wherever the link says, so a link from a body is not trusted to say it.
    static func path(ofNext link: String, origin: HTTPURL, listPath: String) -> String? {
        let absolute =
            if link.utf8.first == UInt8(ascii: "?") {
                origin.origin + listPath + link
            } else if link.utf8.starts(with: "/".utf8), !link.utf8.starts(with: "//".utf8) {
                origin.origin + link
            } else {
                link
            }
        guard let url = try? HTTPURL(absolute), url.hasSameOrigin(as: origin) else { return nil }
        let path = url.pathAndQuery.utf8.prefix { $0 != UInt8(ascii: "?") }
        return path.elementsEqual(listPath.utf8) ? url.pathAndQuery : nil
    }
}
