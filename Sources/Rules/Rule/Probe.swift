/// The bridge's own look at a server, besides what monitoring says.
package enum Probe: Sendable, Hashable {
    /// A connection to that port succeeds.
    case tcp(port: Int)
    /// A GET of that path answers with 2xx; `scheme` is `http` or `https`, `path` begins with `/`.
    case http(scheme: String, port: Int, path: String)
}
