import Model
import Testing
import Webhooks

@Suite("Webhooks: who may speak")
struct WebhookAuthenticationTests {
    struct Attempt: Sendable, CustomTestStringConvertible {
        var scenario: String
        var authentication: SourceAuthentication
        var headers: [(name: String, value: String)]
        var isLetIn: Bool
        var testDescription: String { scenario }

        init(
            _ scenario: String, _ authentication: SourceAuthentication, _ headers: [(name: String, value: String)],
            _ isLetIn: Bool
        ) {
            self.scenario = scenario
            self.authentication = authentication
            self.headers = headers
            self.isLetIn = isLetIn
        }
    }

    private static let bearer = SourceAuthentication.bearer([Secret("current"), Secret("previous")])
    private static let basic = SourceAuthentication.basic(
        user: "am", passwords: [Secret("current"), Secret("pre:vious"), Secret("secret")])
    private static let header = SourceAuthentication.header(name: "X-Token", secrets: [Secret("current"), Secret("previous")])

    private static let bearerAttempts = [
        Attempt("current secret", bearer, [("Authorization", "Bearer current")], true),
        Attempt("previous secret", bearer, [("Authorization", "Bearer previous")], true),
        Attempt("scheme and name in another case", bearer, [("aUTHORIZATION", "bEARER current")], true),
        Attempt("no header", bearer, [], false),
        Attempt("one letter's case", bearer, [("Authorization", "Bearer Current")], false),
        Attempt("a letter more", bearer, [("Authorization", "Bearer currents")], false),
        Attempt("a letter less", bearer, [("Authorization", "Bearer curren")], false),
        Attempt("empty token", bearer, [("Authorization", "Bearer ")], false),
        Attempt("no token", bearer, [("Authorization", "Bearer")], false),
        Attempt("no scheme", bearer, [("Authorization", "current")], false),
        Attempt("another scheme", bearer, [("Authorization", "Basic current")], false),
        Attempt("two tokens in one header", bearer, [("Authorization", "Bearer current previous")], false),
        Attempt(
            "two headers, both good", bearer, [("Authorization", "Bearer current"), ("authorization", "Bearer current")], false),
        Attempt("two headers, first good", bearer, [("Authorization", "Bearer current"), ("Authorization", "Bearer x")], false),
        Attempt("the token in another header", bearer, [("X-Token", "Bearer current")], false),
        Attempt("an equal letter of another alphabet", bearer, [("Authorization", "Bearer \u{441}urrent")], false),
        Attempt("an empty secret lets nobody in", .bearer([Secret("")]), [("Authorization", "Bearer ")], false),
        Attempt("no secret lets nobody in", .bearer([]), [("Authorization", "Bearer current")], false),
    ]

    private static let basicAttempts = [
        // am:current, am:pre:vious, am:wrong, bm:current, amcurrent, :current
        Attempt("current password", basic, [("Authorization", "Basic YW06Y3VycmVudA==")], true),
        Attempt("previous password, with a colon", basic, [("Authorization", "basic YW06cHJlOnZpb3Vz")], true),
        Attempt("wrong password", basic, [("Authorization", "Basic YW06d3Jvbmc=")], false),
        Attempt("wrong user", basic, [("Authorization", "Basic Ym06Y3VycmVudA==")], false),
        Attempt("no colon", basic, [("Authorization", "Basic YW1jdXJyZW50")], false),
        Attempt("no user", basic, [("Authorization", "Basic OmN1cnJlbnQ=")], false),
        Attempt("base64 without its padding", basic, [("Authorization", "Basic YW06Y3VycmVudA")], false),
        Attempt("base64 with stray bits", basic, [("Authorization", "Basic YW06Y3VycmVudB==")], false),
        Attempt("not base64", basic, [("Authorization", "Basic am:current")], false),
        Attempt("a password that needs no padding", basic, [("Authorization", "Basic YW06c2VjcmV0")], true),
        Attempt("more padding than there can be", basic, [("Authorization", "Basic YW06c2VjcmV0====")], false),
        Attempt("padding only", basic, [("Authorization", "Basic ====")], false),
        Attempt("bearer instead", basic, [("Authorization", "Bearer YW06Y3VycmVudA==")], false),
    ]

    private static let headerAttempts = [
        Attempt("current value", header, [("X-Token", "current")], true),
        Attempt("previous value, name in another case", header, [("x-tOKEN", "previous")], true),
        Attempt("wrong value", header, [("X-Token", "other")], false),
        Attempt("no such header", header, [("X-Token2", "current")], false),
        Attempt("two such headers", header, [("X-Token", "current"), ("X-Token", "current")], false),
        Attempt("anybody, when nothing is asked", SourceAuthentication.none, [], true),
    ]

    @Test("lets in who proves it, nobody else", arguments: bearerAttempts + basicAttempts + headerAttempts)
    func lets(_ attempt: Attempt) {
        let source = WebhookSource(name: "am", kind: .alertmanager, authentication: attempt.authentication)
        let now = Timestamp(seconds: 1_795_286_400)
        let request = WebhookRequest(headers: attempt.headers, contentType: nil, body: [0xFF], receivedAt: now)
        do throws(WebhookRejection) {
            try Webhooks.authenticate(request, source: source, now: now)
            #expect(attempt.isLetIn)
        } catch {
            #expect(!attempt.isLetIn)
            #expect(error.status == 401)
            #expect(error.reason == .unauthorized)
            for secret in ["current", "previous", "pre:vious"] { #expect(!"\(error)".contains(secret)) }
        }
    }

    @Test("says what is wrong with a configuration, without its secrets")
    func configurationProblems() {
        func problems(_ authentication: SourceAuthentication, kind: SourceKind = .alertmanager) -> [String] {
            WebhookSource(name: "s", kind: kind, authentication: authentication).problems
        }
        #expect(problems(.bearer([Secret("x")])).isEmpty)
        #expect(problems(.none).isEmpty)
        #expect(problems(.bearer([])).count == 1)
        #expect(problems(.bearer([Secret("x"), Secret("")])).count == 1)
        #expect(problems(.header(name: "X Token", secrets: [Secret("x")])).count == 1)
        #expect(problems(.basic(user: "a:b", passwords: [Secret("x")])).count == 1)
        #expect(problems(.slackSignature([Secret("x")]), kind: .slack).isEmpty)
        var slack = WebhookSource(name: "s", kind: .slack, authentication: .slackSignature([Secret("x")]))
        slack.responseURLPrefix = "https://hooks.slack.com"
        #expect(slack.problems.count == 1)
        var generic = WebhookSource(name: "s", kind: .generic, authentication: .bearer([Secret("x")]))
        generic.generic = GenericMapping(status: "status", problemWords: ["down", "OK"], labels: "/a~2")
        #expect(generic.problems.count == 3)
    }
}
