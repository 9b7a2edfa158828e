/// `probe`: the bridge's own look at a server.
extension RuleReader {
    func readProbe(_ node: YAMLNode) -> Probe? {
        guard let fields = RuleFields(node, RuleTables.probe, collector) else { return nil }
        switch (fields["tcp"], fields["http"]) {
        case (_?, nil): return fields.int("tcp").map { .tcp(port: $0) }
        case (nil, let http?): return readHTTPProbe(http)
        case (nil, nil):
            report(node.diagnosticAtStart(.missingKey, "`probe` has neither `tcp` nor `http`", hint: "write `probe: {tcp: 22}`"))
            return nil
        case (_?, let http?):
            report(http.diagnosticAtStart(.unknownKey, "`probe` has both `tcp` and `http`", hint: "keep one"))
            return nil
        }
    }

    private func readHTTPProbe(_ node: YAMLNode) -> Probe? {
        guard node.isMapping else { return readPath(node).map { .http(scheme: "http", port: 80, path: $0) } }
        guard let fields = RuleFields(node, RuleTables.httpProbe, collector) else { return nil }
        let scheme = fields["scheme"].map { fields.choice("scheme", $0) } ?? "http"
        guard let scheme else { return nil }
        let port = fields["port"].map { fields.int("port", $0) } ?? (scheme.utf8.elementsEqual("https".utf8) ? 443 : 80)
        let path = fields["path"].map { readPath($0) } ?? "/"
        guard let port, let path else { return nil }
        return .http(scheme: scheme, port: port, path: path)
    }

    /// Printable ASCII without blanks: nothing that could end a request line.
    private func readPath(_ node: YAMLNode) -> String? {
        guard let path = node.string("`path`", collector) else { return nil }
        guard path.utf8.first == 0x2F, path.utf8.count <= 512, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            report(node.diagnostic(.outOfRange, "`path` begins with `/` and holds no blanks", hint: "write `path: /healthz`"))
            return nil
        }
        return path
    }
}
