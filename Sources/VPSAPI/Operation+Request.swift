package import Model

extension Operation {
    /// Method and path of the operation's request, such as `POST /api/v1/servers/12345/reboot/`.
    ///
    /// `server` is an id, or a word in its place where it is not known yet; for `list` and `create` it is not used.
    package func requestLine(server: String) -> String {
        let path = VPSAPIClient.listPath
        switch self {
        case .list: return "GET \(path)"
        case .create: return "POST \(path)"
        case .get: return "GET \(path)\(server)/"
        case .replace: return "PUT \(path)\(server)/"
        case .update: return "PATCH \(path)\(server)/"
        case .delete: return "DELETE \(path)\(server)/"
        case .start, .stop, .reboot: return "POST \(path)\(server)/\(rawValue)/"
        }
    }
}
