import CurlTransport
import Engine
import Model
import Rules
import Webhooks

/// Where sources are asked what they think now, and groups of people.
extension ConfigurationReader {
    /// `pull` of a source: the address of its own API, and how the bridge proves who it is there.
    func readPull(_ node: YAMLNode, of entry: YAMLEntry, kind: SourceKind) -> PullEndpoint? {
        let owner = "`pull` of source `\(entry.name)`"
        guard kind == .alertmanager else {
            collector.report(node.diagnosticAtStart(.unknownKey, "`pull` is only for sources of kind `alertmanager`"))
            return nil
        }
        guard let mapping = YAMLMapping(node, keys: ["url", "bearer_file", "basic"], of: owner, collector),
            let place = mapping.required("url", hint: "write `pull: {url: https://alertmanager.example.com}`"),
            let url = place.string("`url`", collector)
        else { return nil }
        if let problem = Self.problem(of: url) {
            collector.report(
                place.diagnostic(
                    .unknownValue, "\(owner): \(problem)", hint: "scheme and host, and maybe a path: `http://HOST:9093`"))
            return nil
        }
        switch (mapping["bearer_file"], mapping["basic"]) {
        case (nil, nil): return PullEndpoint(url: url)
        case (let file?, nil): return secret(file, "`bearer_file`").map { PullEndpoint(url: url, authentication: .bearer($0)) }
        case (nil, let basic?):
            guard let own = YAMLMapping(basic, keys: ["user", "password_file"], of: "`basic`", collector),
                let user = own.required("user")?.string("`user`", collector),
                let password = own.required("password_file").flatMap({ secret($0, "`password_file`") })
            else { return nil }
            guard !user.utf8.isEmpty, !user.utf8.contains(where: { $0 == 0x3A || $0 < 0x20 || $0 == 0x7F }) else {
                collector.report(
                    basic.diagnosticAtStart(.unknownValue, "the user name is empty, or holds a colon or a control character"))
                return nil
            }
            return PullEndpoint(url: url, authentication: .basic(user: user, password: password))
        case (_?, let basic?):
            collector.report(
                basic.diagnosticAtStart(.unknownKey, "\(owner) has both `bearer_file` and `basic`", hint: "keep one"))
            return nil
        }
    }

    private static func problem(of url: String) -> String? {
        do throws(HTTPRequestError) {
            let target = try HTTPURL(url)
            // Paths are added to it.
            return target.pathAndQuery.utf8.contains(UInt8(ascii: "?")) ? "the address has a query" : nil
        } catch {
            return error.reason
        }
    }

    /// `people: {groups: {oncall: [U012ABCDEF]}}`.
    func readPeople(_ node: YAMLNode, into configuration: inout BridgeConfiguration) {
        guard let mapping = YAMLMapping(node, keys: ["groups"], of: "`people`", collector), let groups = mapping["groups"] else {
            return
        }
        configuration.groups = PeopleGroups.read(groups, collector)
    }
}
