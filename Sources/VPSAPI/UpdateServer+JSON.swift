package import JSON

extension UpdateServer {
    /// Reads the body of a PUT or a PATCH as it was written down; `nil` when it holds anything else.
    package init?(json: JSONValue) {
        guard case .object(let object) = json else { return nil }
        self.init()
        for member in object.members {
            switch member.name {
            case "name":
                guard let text = member.value.stringValue else { return nil }
                name = text
            case "hostname":
                guard let text = member.value.stringValue else { return nil }
                hostname = text
            case "backups_enabled":
                guard let flag = member.value.boolValue else { return nil }
                backupsEnabled = flag
            default: return nil
            }
        }
    }

    /// All three fields; `nil` when one is not given.
    package var whole: ReplaceServer? {
        guard let name, let hostname, let backupsEnabled else { return nil }
        return ReplaceServer(name: name, hostname: hostname, backupsEnabled: backupsEnabled)
    }
}
