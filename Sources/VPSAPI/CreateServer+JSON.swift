package import JSON

extension CreateServer {
    /// The fields that `POST /api/v1/servers/` takes.
    private static let fields = ["name", "plan_id", "os_id", "location", "hostname", "ssh_key_id", "backups_enabled"]

    /// Reads the body of a create as a rule wrote it; nothing is guessed and nothing is left out silently.
    ///
    /// - Throws: ``CreateServerError`` with the field that is missing, of the wrong type or unknown.
    package init(json: JSONValue) throws(CreateServerError) {
        guard case .object(let object) = json else { throw CreateServerError("the template is no mapping") }
        for member in object.members where !Self.fields.contains(where: { $0.utf8.elementsEqual(member.name.utf8) }) {
            throw CreateServerError("`\(member.name.prefix(50))` is no field of a new server")
        }
        func value(_ name: String) -> JSONValue? {
            guard let found = object[name], found != .null else { return nil }
            return found
        }
        func text(_ name: String) throws(CreateServerError) -> String? {
            guard let found = value(name) else { return nil }
            guard let text = found.stringValue, !text.utf8.isEmpty else { throw CreateServerError("`\(name)` is no text") }
            return text
        }
        func number(_ name: String) throws(CreateServerError) -> Int64? {
            guard let found = value(name) else { return nil }
            guard let number = found.intValue, number > 0 else { throw CreateServerError("`\(name)` is no whole number above 0") }
            return number
        }
        guard let name = try text("name"), let plan = try number("plan_id"), let system = try number("os_id"),
            let location = try text("location")
        else { throw CreateServerError("`name`, `plan_id`, `os_id` and `location` are needed") }
        var backups = false
        if let found = value("backups_enabled") {
            guard let flag = found.boolValue else { throw CreateServerError("`backups_enabled` is true or false") }
            backups = flag
        }
        self.init(
            name: name, planID: plan, osID: system, location: location, hostname: try text("hostname"),
            sshKeyID: try number("ssh_key_id"), backupsEnabled: backups)
        guard hasValidName else { throw CreateServerError("the name has other characters than letters, digits and hyphens") }
    }

    /// The body as it is sent.
    package var body: JSONValue { json }
}

/// Why a template is no request for a new server.
package struct CreateServerError: Error, Sendable {
    package let message: String

    init(_ message: String) {
        self.message = message
    }
}
