import Model
import Testing
import Webhooks

@Suite("Webhooks: content type and encoding")
struct WebhookContentTypeTests {
    private func rejection(
        _ contentType: String?, headers: [(name: String, value: String)] = [], allowed: [String]? = nil
    ) -> WebhookRejection? {
        let source = WebhookSource(name: "am", kind: .alertmanager, authentication: .none, contentTypes: allowed)
        let request = WebhookRequest(
            headers: headers, contentType: contentType, body: Array(#"{"version":"4","alerts":[]}"#.utf8),
            receivedAt: Timestamp(seconds: 0))
        do throws(WebhookRejection) {
            _ = try Webhooks.decode(request, source: source)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "lets JSON in, parameters or not",
        arguments: [
            "application/json", "APPLICATION/JSON", "application/json;charset=UTF-8", "application/json ; charset=\"utf-8\"",
            " application/json", "application/json; x=y; charset=us-ascii", "application/json;",
        ])
    func letsIn(contentType: String) {
        #expect(rejection(contentType) == nil)
    }

    @Test(
        "refuses other types with 415",
        arguments: [
            nil, "", "text/html; charset=utf-7", "application/json2", "application/jsonp", "text/plain", "json",
            ";application/json",
            "application/x-www-form-urlencoded", "application/json, text/html", "application/json; charset=utf-7",
            "application/json; charset=utf-16", "multipart/form-data; boundary=application/json", "application/\u{212A}son",
        ])
    func refuses(contentType: String?) {
        #expect(rejection(contentType)?.status == 415)
        #expect(rejection(contentType)?.reason == .contentType)
    }

    @Test("a source's own list replaces the kind's")
    func ownList() {
        #expect(rejection("text/plain; charset=UTF-8", allowed: ["Text/Plain"]) == nil)
        #expect(rejection("application/json", allowed: ["text/plain"])?.status == 415)
    }

    @Test("refuses two content types")
    func twoContentTypes() {
        let twice = [(name: "Content-Type", value: "application/json"), (name: "content-type", value: "text/html")]
        #expect(rejection("application/json", headers: twice)?.reason == .contentType)
    }

    @Test("refuses encoded bodies with 415", arguments: ["gzip", "identity, gzip", "br", "", "x-identity"])
    func encodings(encoding: String) {
        #expect(rejection("application/json", headers: [("content-Encoding", encoding)])?.reason == .contentEncoding)
        #expect(rejection("application/json", headers: [("content-Encoding", encoding)])?.status == 415)
    }

    @Test("identity is no encoding", arguments: ["identity", " Identity "])
    func identity(encoding: String) {
        #expect(rejection("application/json", headers: [("Content-Encoding", encoding)]) == nil)
    }
}
